package envelope

import (
	"encoding/binary"
	"fmt"
)

// Purpose says what a ciphertext or digest is for. No two uses share one.
type Purpose string

// The purposes of suite 1.
const (
	// PurposeDEK derives a version's DEK from its root scalar.
	PurposeDEK Purpose = "dek"
	// PurposePayload encrypts a version's payload.
	PurposePayload Purpose = "payload"
	// PurposeCommitment commits to a version's payload plaintext.
	PurposeCommitment Purpose = "commitment"
	// PurposeShare seals a share of a version's root to one approver.
	PurposeShare Purpose = "share"
	// PurposeShareCommitment commits to a share and its salt.
	PurposeShareCommitment Purpose = "share-commitment"
	// PurposePiece seals what one dealer deals to one holder of a later epoch.
	PurposePiece Purpose = "piece"
	// PurposePieceCommitment commits to such a piece and its salt.
	PurposePieceCommitment Purpose = "piece-commitment"
	// PurposeOpening encrypts what a dealer's share was read from.
	PurposeOpening Purpose = "opening"
	// PurposeReleasePayload seals an opened payload to a request's ephemeral key.
	PurposeReleasePayload Purpose = "release-payload"
	// PurposeReleaseShare seals a share to a request's ephemeral key.
	PurposeReleaseShare Purpose = "release-share"
	// PurposeInbox seals what waits for a device to that device.
	PurposeInbox Purpose = "inbox"
	// PurposeHandover seals a keyring to a further device of its owner.
	PurposeHandover Purpose = "handover"
	// PurposeHandoverSeed encrypts, within that, with the key that only the two
	// devices know.
	PurposeHandoverSeed Purpose = "handover-seed"
	// PurposeKit encrypts a backup so that it may lie with the broker.
	PurposeKit Purpose = "kit"
	// PurposeSignerFile encrypts an Org Identity key under a passphrase.
	PurposeSignerFile Purpose = "signer-file"
)

// Context names everything that a ciphertext is bound to. It is recomputed by
// whoever opens, from what they asked for, and never read from storage: so a
// ciphertext that was moved to another organisation, mount, secret, version,
// person, epoch, request or purpose does not open.
type Context struct {
	Purpose      Purpose
	Organisation Hash // zero, as the mount is, for an Org Identity key, which is there first
	Mount        ID
	Secret       ID     // zero for what belongs to no secret
	Version      uint64 // from 1; zero likewise
	Recipient    ID     // approver, consumer or device, where a person or program receives
	Generation   uint32 // of the recipient's keyring, from 1
	Epoch        uint32 // of the wrap set, from 0
	Requirement  uint32 // index in the access structure, from 0
	X            uint32 // share index, from 1
	Request      Hash   // of the request that a release answers, of the inbox call, of the offer, what a deal is bound to, or of a file's header
}

// field names the optional fields of a Context that a purpose binds.
type field uint8

const (
	fieldSecret field = 1 << iota
	fieldRecipient
	fieldGeneration
	fieldShare // epoch, requirement and x
	fieldRequest
	nowhere // neither organisation nor mount, which all others have
)

var purposeFields = map[Purpose]field{
	PurposeDEK:             fieldSecret,
	PurposePayload:         fieldSecret,
	PurposeCommitment:      fieldSecret,
	PurposeShare:           fieldSecret | fieldRecipient | fieldGeneration | fieldShare,
	PurposeShareCommitment: fieldSecret | fieldShare,
	PurposePiece:           fieldSecret | fieldRecipient | fieldGeneration | fieldShare | fieldRequest,
	PurposePieceCommitment: fieldSecret | fieldShare | fieldRequest,
	PurposeOpening:         fieldSecret | fieldRecipient | fieldGeneration | fieldShare | fieldRequest,
	PurposeReleasePayload:  fieldSecret | fieldRecipient | fieldRequest,
	PurposeReleaseShare:    fieldSecret | fieldRecipient | fieldShare | fieldRequest,
	PurposeInbox:           fieldRecipient | fieldRequest,
	PurposeHandover:        fieldRecipient | fieldRequest,
	PurposeHandoverSeed:    fieldRecipient | fieldRequest,
	PurposeKit:             fieldRecipient,
	PurposeSignerFile:      nowhere | fieldRequest,
}

// Encode returns the length-prefixed encoding that goes into AEAD additional
// data, HPKE info and commitments. A field that the purpose needs and that is
// missing, or one that it does not bind and that is set, is [ErrContext]:
// forgetting to bind something must not be silent.
func (c Context) Encode() ([]byte, error) {
	need, known := purposeFields[c.Purpose]
	if !known {
		return nil, fmt.Errorf("purpose %q: %w", c.Purpose, ErrContext)
	}
	for _, f := range []struct {
		field field
		set   bool
		clear bool
	}{
		{nowhere, c.Organisation.IsZero() && c.Mount.IsZero(), !c.Organisation.IsZero() && !c.Mount.IsZero()},
		{fieldSecret, !c.Secret.IsZero() && c.Version > 0, c.Secret.IsZero() && c.Version == 0},
		{fieldRecipient, !c.Recipient.IsZero(), c.Recipient.IsZero()},
		{fieldGeneration, c.Generation > 0, c.Generation == 0},
		{fieldShare, c.X > 0, c.X == 0 && c.Epoch == 0 && c.Requirement == 0},
		{fieldRequest, !c.Request.IsZero(), c.Request.IsZero()},
	} {
		if need&f.field != 0 && !f.set || need&f.field == 0 && !f.clear {
			return nil, fmt.Errorf("%s with the wrong fields: %w", c.Purpose, ErrContext)
		}
	}
	return c.encode(), nil
}

// encode writes every field, strings and identifiers after one byte of length,
// numbers big-endian. It is called for every ciphertext, hence without a builder.
func (c Context) encode() []byte {
	b := make([]byte, 0, 256)
	b = appendPrefixed(b, "stillvault/context/v1")
	b = append(b, byte(Suite1))
	b = appendPrefixed(b, c.Purpose)
	b = appendPrefixed(b, c.Organisation[:])
	b = appendPrefixed(b, c.Mount[:])
	b = appendPrefixed(b, c.Secret[:])
	b = binary.BigEndian.AppendUint64(b, c.Version)
	b = appendPrefixed(b, c.Recipient[:])
	b = binary.BigEndian.AppendUint32(b, c.Generation)
	b = binary.BigEndian.AppendUint32(b, c.Epoch)
	b = binary.BigEndian.AppendUint32(b, c.Requirement)
	b = binary.BigEndian.AppendUint32(b, c.X)
	return appendPrefixed(b, c.Request[:])
}

// appendPrefixed takes what is shorter than 256 bytes, as every purpose and
// every identifier is.
func appendPrefixed[T ~string | ~[]byte](b []byte, v T) []byte {
	return append(append(b, byte(len(v))), v...)
}
