package keyring

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// What [Wrap] writes into a row beside its ciphertexts.
const (
	// SecretTypeKeyring is the secret_type of a row whose payload is a keyring seed.
	SecretTypeKeyring = "stillvault-keyring"
	// SourceStillvault is the vault_source of a row made here.
	SourceStillvault = "stillvault"
)

const (
	rowSuite      = 1
	rowAADVersion = 1
	sealedVersion = 1
)

// Row is one row of the recovery-vault format: a payload under a random DEK,
// and that DEK wrapped by one or two factors.
//
//	factor key ──► DEK ──► metadata key ──► metadata: label, created, versions, kdf_salt
//	                 └───► payload key  ──► payload: for a keyring, the seed as base64url
//
// Nothing in it is secret. Label, SecretType, Source, CredentialID and Created
// are not authenticated here; what opening a row returns is ([Contents]).
type Row struct {
	ID           envelope.ID
	User         envelope.ID // the approver, for a keyring
	Label        string
	SecretType   string
	Source       string
	CredentialID string // of the authenticator, as its maker wrote it; empty if absent
	Payload      Sealed
	PRF          *Wrapped // DEK wrapped by an authenticator's PRF output, or nil
	Password     *Wrapped // DEK wrapped by password and recovery key, or nil
	Metadata     Wrapped
	KDFSalt      [32]byte
	Argon        *Argon    // nil where Password is nil
	Created      time.Time // zero if absent
}

// Sealed is one AES-256-GCM ciphertext of a row.
type Sealed struct {
	Ciphertext []byte // tag appended, so at least 16 bytes
	Nonce      [envelope.NonceSize]byte
	Version    uint32
}

// Wrapped is a ciphertext with the additional data that the row claims for it.
// AAD is only compared with the recomputed value, never used.
type Wrapped struct {
	Sealed
	AAD [32]byte
}

// check refuses what no row can be, whether it was parsed or put together.
func (r *Row) check() error {
	switch {
	case r.ID.IsZero():
		return formatError("id", "absent")
	case r.User.IsZero():
		return formatError("user_id", "absent")
	case r.PRF == nil && r.Password == nil:
		return fmt.Errorf("row: neither pk_envelope nor pwdpk_envelope: %w", ErrNoFactor)
	case (r.Password == nil) != (r.Argon == nil):
		return formatError("argon_salt", "must go with pwdpk_envelope")
	}
	if r.Argon != nil {
		if err := r.Argon.check(); err != nil {
			return err
		}
	}
	if err := r.Payload.check("payload"); err != nil {
		return err
	}
	for _, e := range r.envelopes() {
		if err := e.check(e.name); err != nil {
			return err
		}
		if e.dek && len(e.Ciphertext) != envelope.KeySize+envelope.TagSize {
			return formatError(e.name+"_ciphertext", "not of 48 bytes")
		}
	}
	return nil
}

func (s *Sealed) check(name string) error {
	if s.Version != sealedVersion {
		return fmt.Errorf("row: %s_version is %d, known is %d: %w", name, s.Version, sealedVersion, ErrVersion)
	}
	if len(s.Ciphertext) < envelope.TagSize {
		return formatError(name+"_ciphertext", "shorter than its tag")
	}
	return nil
}

// boundEnvelope is one of a row's envelopes with its two names: the prefix of
// its JSON keys, and the one its AAD is made of.
type boundEnvelope struct {
	*Wrapped
	name, aad string
	dek       bool // holds the DEK
}

func (r *Row) envelopes() []boundEnvelope {
	list := make([]boundEnvelope, 0, 3)
	if r.PRF != nil {
		list = append(list, boundEnvelope{r.PRF, "pk_envelope", aadPasskey, true})
	}
	if r.Password != nil {
		list = append(list, boundEnvelope{r.Password, "pwdpk_envelope", aadPassword, true})
	}
	return append(list, boundEnvelope{&r.Metadata, "meta_envelope", aadMetadata, false})
}

// aad recomputes the additional data of one of the row's envelopes.
func (r *Row) aad(name string) [32]byte {
	return envelope.SumHash([]byte(r.User.String() + "|" + r.ID.String() + "|" + name + "|" +
		strconv.Itoa(rowAADVersion) + "|aes-gcm-256"))
}

// checkAADs compares every stored AAD with the recomputed one. If one is off,
// it was changed; if all are, what they are all made of was.
func (r *Row) checkAADs() error {
	list := r.envelopes()
	var off []string
	for _, e := range list {
		if e.AAD != r.aad(e.aad) {
			off = append(off, e.name+"_aad")
		}
	}
	switch len(off) {
	case 0:
		return nil
	case len(list):
		return &TamperedError{Field: "user_id or id"}
	default:
		return &TamperedError{Field: off[0]}
	}
}
