package envelope

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Label is the info string of one HKDF use (RFC 5869). Every derived key has
// its own, so that no two keys coincide even when their inputs do.
type Label string

// All labels of suite 1. The strings that begin with "keypsafe/" belong to the
// recovery-vault format and stand in package keyring.
const (
	// LabelKEM derives an approver's KEM seed from the keyring seed.
	LabelKEM Label = "stillvault/keyring-kem/v1"
	// LabelSigning derives an approver's Ed25519 seed from the keyring seed.
	LabelSigning Label = "stillvault/keyring-signing/v1"
	// LabelMetadata derives an approver's metadata key from the keyring seed.
	LabelMetadata Label = "stillvault/keyring-metadata/v1"
	// LabelKeyCheck derives a value that tells whether a PRF still answers as
	// it did when the keyring was wrapped.
	LabelKeyCheck Label = "stillvault/key-check/v1"
	// LabelSoftwareID derives the public name of a software factor's key.
	LabelSoftwareID Label = "stillvault/software-id/v1"
	// LabelXWing turns a 32-byte seed into the 32-byte X-Wing private key.
	LabelXWing Label = "stillvault/xwing/v1"
	// LabelDEK derives a version's DEK from its root scalar.
	LabelDEK Label = "stillvault/dek/v1"
	// LabelPayload derives a version's payload key from its DEK.
	LabelPayload Label = "stillvault/payload/v1"
	// LabelOpening derives, from a dealer's share, the key under which a deal says
	// what that share was read from.
	LabelOpening Label = "stillvault/opening/v1"
	// LabelTicketMAC derives the MAC key of an enrolment ticket.
	LabelTicketMAC Label = "stillvault/ticket-mac/v1"
	// LabelTicketPost derives what a device shows the broker to post its enrolment.
	LabelTicketPost Label = "stillvault/ticket-post/v1"
	// LabelHandoverMAC derives the MAC key of a handover.
	LabelHandoverMAC Label = "stillvault/handover-mac/v1"
	// LabelHandoverPost derives what a further device shows the broker to post its offer.
	LabelHandoverPost Label = "stillvault/handover-post/v1"
	// LabelHandoverSeed derives the key under which a keyring is handed over.
	LabelHandoverSeed Label = "stillvault/handover-seed/v1"
	// LabelKit derives the key that seals a recovery kit.
	LabelKit Label = "stillvault/kit/v1"
	// LabelKitToken derives what a person shows the broker to be handed their kit.
	LabelKitToken Label = "stillvault/kit-token/v1"
	// LabelSignerFile derives the key that seals an Org Identity key in a file
	// from what Argon2id made of a passphrase.
	LabelSignerFile Label = "stillvault/signer-file/v1"
)

// Derive returns HKDF-SHA256(ikm, salt, label ‖ context), 32 bytes. context may
// be nil; it is separated from the label by its own length-prefixed encoding,
// which begins with a byte that no label contains. The caller owns the result
// and still owns ikm.
func Derive(ikm, salt []byte, label Label, context []byte) (*Key, error) {
	k := blankKey()
	var err error
	Confine(func() {
		var out []byte
		out, err = hkdf.Key(sha256.New, ikm, salt, string(label)+string(context), KeySize)
		if err != nil {
			err = fmt.Errorf("derive %s: %w", label, err)
			return
		}
		copy(k.Bytes(), out)
		Wipe(out)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}
