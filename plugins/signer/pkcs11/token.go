//go:build cgo

package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer/contract"
)

// token is the signer: a key in a token, and a session with it.
type token struct {
	settings settings

	mu      sync.Mutex // a call whose caller has gone may still be at it
	opened  bool
	failed  error // why it could not be opened: that is not tried again
	library *pkcs11.Ctx
	session pkcs11.SessionHandle
	private pkcs11.ObjectHandle
	public  pkcs11.ObjectHandle
	again   string // the PIN, where the key wants it for every signature
}

var _ contract.Signer = (*token)(nil)

// PublicKey reads the key from the token, each time.
func (t *token) PublicKey(context.Context) (ed25519.PublicKey, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.open(); err != nil {
		return nil, err
	}
	attributes, err := t.library.GetAttributeValue(t.session, t.public, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil {
		return nil, explain("read the public key", err)
	}
	return decodePoint(attributes[0].Value)
}

// Sign signs a statement of the organisation's log with CKM_EDDSA; anything else
// is refused. What is signed is said on standard error.
func (t *token) Sign(ctx context.Context, s contract.Statement) ([]byte, error) {
	statement, err := s.Read()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err // it waited for a call before, and nobody waits for it now
	}
	if err := t.open(); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "signing statement %d, %s, in the token\n", statement.Seq, statement.Kind)
	if err := t.library.SignInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmEdDSA, nil)}, t.private); err != nil {
		return nil, explain("begin to sign", err)
	}
	if t.again != "" {
		if err := t.library.Login(t.session, pkcs11.CKU_CONTEXT_SPECIFIC, t.again); err != nil {
			return nil, explain("say the PIN for this signature", err)
		}
	}
	signature, err := t.library.Sign(t.session, s.PAE())
	if err != nil {
		return nil, explain("sign", err)
	}
	return signature, nil
}

// open does what is done once. A failure is final for this process: a wrong PIN
// that was tried for every statement would lock the token.
func (t *token) open() error {
	if !t.opened {
		t.opened = true
		t.failed = t.begin()
	}
	return t.failed
}

func (t *token) begin() error {
	t.library = pkcs11.New(t.settings.module)
	if t.library == nil {
		return fmt.Errorf("%s is no PKCS#11 library that loads here", t.settings.module)
	}
	if err := t.library.Initialize(); err != nil {
		return explain("start the library "+t.settings.module, err)
	}
	slot, err := t.slot()
	if err != nil {
		return err
	}
	t.session, err = t.library.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return explain("open a session", err)
	}
	pin, err := t.settings.pin()
	if err != nil {
		return err
	}
	defer envelope.Wipe(pin)
	// The library takes a string, which nobody can wipe: it lives until the
	// process ends or its memory is used again.
	text := string(pin)
	if err := t.library.Login(t.session, pkcs11.CKU_USER, text); err != nil {
		return explain("log in", err)
	}
	if err := t.find(); err != nil {
		return err
	}
	if t.asksAgain() {
		t.again = text
	}
	return nil
}

// slot finds the one token that was named.
func (t *token) slot() (uint, error) {
	slots, err := t.library.GetSlotList(true)
	if err != nil {
		return 0, explain("list the tokens", err)
	}
	var found []uint
	for _, slot := range slots {
		info, err := t.library.GetTokenInfo(slot)
		if err != nil {
			continue // taken out meanwhile, or not for us
		}
		if (t.settings.label == "" || info.Label == t.settings.label) && (t.settings.serial == "" || info.SerialNumber == t.settings.serial) {
			if info.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0 {
				return 0, errors.New("one more wrong PIN would lock this token, so none is tried; log in to it once with its own tool, then run this again")
			}
			found = append(found, slot)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("of the %d tokens here none is %s", len(slots), t.settings.named())
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("%d tokens here are %s; name one by its --serial", len(found), t.settings.named())
}

// named says which token, for people.
func (s settings) named() string {
	switch {
	case s.serial == "":
		return fmt.Sprintf("labelled %q", s.label)
	case s.label == "":
		return fmt.Sprintf("numbered %q", s.serial)
	}
	return fmt.Sprintf("labelled %q and numbered %q", s.label, s.serial)
}

// explain says what went wrong in words, where the library has only a number.
func explain(doing string, err error) error {
	var code pkcs11.Error
	if !errors.As(err, &code) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch uint(code) {
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE:
		return fmt.Errorf("%s: the PIN is wrong; it was tried once, and a token locks after a few (%w)", doing, err)
	case pkcs11.CKR_PIN_LOCKED:
		return fmt.Errorf("%s: the token is locked; its security officer unlocks it (%w)", doing, err)
	case pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED,
		pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID:
		return fmt.Errorf("%s: the token, or the key in it, is gone; put it back and run this again (%w)", doing, err)
	case pkcs11.CKR_MECHANISM_INVALID:
		return fmt.Errorf("%s: this token does not sign with Ed25519 (CKM_EDDSA) (%w)", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
