// Command token makes a token with Ed25519 keys in it, for the tests:
//
//	token MODULE LABEL PIN KEY:ID[:always]...
//
// ID is one letter. A key with "always" wants the PIN for every signature.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/miekg/pkcs11"
)

const (
	ckmECEdwardsKeyPairGen = 0x00001055
	securityOfficer        = "87654321"
)

// The object identifier of Ed25519, 1.3.101.112, in DER.
var ed25519 = []byte{0x06, 0x03, 0x2b, 0x65, 0x70}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "token:", err)
		os.Exit(1)
	}
}

func run(module, label, pin string, keys []string) error {
	library := pkcs11.New(module)
	if library == nil {
		return fmt.Errorf("%s does not load", module)
	}
	if err := library.Initialize(); err != nil {
		return err
	}
	defer library.Finalize()
	session, err := initialise(library, label, pin)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := generate(library, session, strings.Split(key, ":")); err != nil {
			return fmt.Errorf("make the key %s: %w", key, err)
		}
	}
	return nil
}

// initialise makes the token in the last slot, which has none, and logs in.
func initialise(library *pkcs11.Ctx, label, pin string) (pkcs11.SessionHandle, error) {
	slots, err := library.GetSlotList(false)
	if err != nil {
		return 0, err
	}
	if err := library.InitToken(slots[len(slots)-1], securityOfficer, label); err != nil {
		return 0, fmt.Errorf("initialise: %w", err)
	}
	if slots, err = library.GetSlotList(true); err != nil {
		return 0, err
	}
	for _, slot := range slots {
		info, err := library.GetTokenInfo(slot)
		if err != nil || info.Label != label || info.Flags&pkcs11.CKF_USER_PIN_INITIALIZED != 0 {
			continue
		}
		session, err := library.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		if err != nil {
			return 0, err
		}
		if err := library.Login(session, pkcs11.CKU_SO, securityOfficer); err != nil {
			return 0, err
		}
		if err := library.InitPIN(session, pin); err != nil {
			return 0, err
		}
		if err := library.Logout(session); err != nil {
			return 0, err
		}
		return session, library.Login(session, pkcs11.CKU_USER, pin)
	}
	return 0, fmt.Errorf("the token %s is not there after it was initialised", label)
}

func generate(library *pkcs11.Ctx, session pkcs11.SessionHandle, key []string) error {
	public := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, ed25519),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, key[0]+" (public)"),
		pkcs11.NewAttribute(pkcs11.CKA_ID, []byte(key[1])),
	}
	private := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, key[0]),
		pkcs11.NewAttribute(pkcs11.CKA_ID, []byte(key[1])),
	}
	if len(key) > 2 {
		private = append(private, pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, true))
	}
	_, _, err := library.GenerateKeyPair(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmECEdwardsKeyPairGen, nil)}, public, private)
	return err
}
