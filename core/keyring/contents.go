package keyring

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Contents is what a row holds, decrypted and checked. It prints as redacted
// and refuses to be serialised.
type Contents struct {
	// Payload is the secret; [Contents.Wipe] wipes it.
	Payload []byte
	// Label and Created are the authenticated ones. Created is zero where the
	// metadata holds none that can be read.
	Label   string
	Created time.Time

	versions metadataVersions
}

// Wipe overwrites the payload. It is safe on nil and may be called twice.
func (c *Contents) Wipe() {
	if c != nil {
		envelope.Wipe(c.Payload)
	}
}

// Format prints the same words for every verb.
func (Contents) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted contents]") }

// MarshalJSON always fails with [envelope.ErrRedacted].
func (Contents) MarshalJSON() ([]byte, error) { return nil, envelope.ErrRedacted }

// metadata is the plaintext of meta_envelope. Rows made elsewhere may have
// paper_key_b64url in it, the recovery key: it is not read, and never written,
// since a passkey alone would then reveal the other factor.
type metadata struct {
	Label   string `json:"vault_label"`
	Created string `json:"created_at"`
	metadataVersions
	KDFSalt string `json:"kdf_salt_b64url"`
}

// metadataVersions are the versions of a row's envelopes, and so also say
// which it has.
type metadataVersions struct {
	PRF      *uint32 `json:"pk_envelope_version,omitempty"`
	Password *uint32 `json:"pwdpk_envelope_version,omitempty"`
	Metadata *uint32 `json:"meta_envelope_version,omitempty"`
}

func (r *Row) encodeMetadata() ([]byte, error) {
	version := uint32(sealedVersion)
	m := metadata{Label: r.Label, Created: formatTime(r.Created), KDFSalt: base64URL.EncodeToString(r.KDFSalt[:])}
	m.Metadata = &version
	if r.PRF != nil {
		m.PRF = &version
	}
	if r.Password != nil {
		m.Password = &version
	}
	return envelope.Encode(m)
}

// open decrypts metadata and payload. The DEK came out of an envelope whose
// key depends on kdf_salt, so the salt and the DEK are right, and what does
// not open now was changed.
func (r *Row) open(dek *envelope.Key) (*Contents, error) {
	keys, err := r.contentKeys(dek)
	if err != nil {
		return nil, err
	}
	defer keys.wipe()
	aad := r.aad(aadMetadata)
	plaintext, ok := r.Metadata.open(keys.metadata, aad)
	if !ok {
		return nil, &TamperedError{Field: "meta_envelope_ciphertext or meta_envelope_nonce"}
	}
	defer envelope.Wipe(plaintext)
	contents, err := r.checkMetadata(plaintext)
	if err != nil {
		return nil, err
	}
	if contents.Payload, ok = r.Payload.open(keys.payload, aad); !ok {
		return nil, &TamperedError{Field: "payload_ciphertext or payload_nonce"}
	}
	return contents, nil
}

func (r *Row) checkMetadata(plaintext []byte) (*Contents, error) {
	var m metadata
	if err := json.Unmarshal(plaintext, &m); err != nil {
		return nil, formatError("meta_envelope", "not the JSON it should be")
	}
	salt, err := decodeBytes(m.KDFSalt)
	if err != nil {
		return nil, formatError("meta_envelope", "kdf_salt_b64url cannot be read")
	}
	if subtle.ConstantTimeCompare(salt, r.KDFSalt[:]) != 1 {
		return nil, &TamperedError{Field: "kdf_salt"}
	}
	for _, v := range []struct {
		name string
		in   *uint32
		row  *Wrapped
	}{
		{"pk_envelope_version", m.PRF, r.PRF},
		{"pwdpk_envelope_version", m.Password, r.Password},
		{"meta_envelope_version", m.Metadata, &r.Metadata},
	} {
		if v.in != nil && v.row != nil && *v.in != v.row.Version {
			return nil, &TamperedError{Field: v.name}
		}
	}
	created, _ := parseTime(m.Created) // no other time than the row's own depends on it
	return &Contents{Label: m.Label, Created: created, versions: m.metadataVersions}, nil
}

// seed returns the keyring seed that the payload is, and holds the row to the
// rules of rows made by [Wrap]: the label, time and factors that it shows are
// those that it was made with. The caller wipes the seed.
func (c *Contents) seed(r *Row) (*envelope.Key, error) {
	if r.SecretType != SecretTypeKeyring {
		return nil, formatError("secret_type", "not "+SecretTypeKeyring)
	}
	for _, f := range []struct {
		name string
		same bool
	}{
		{"vault_label", c.Label == r.Label},
		{"created_at", c.Created.Equal(r.Created)},
		{"pk_envelope_ciphertext", (c.versions.PRF != nil) == (r.PRF != nil)},
		{"pwdpk_envelope_ciphertext", (c.versions.Password != nil) == (r.Password != nil)},
	} {
		if !f.same {
			return nil, &TamperedError{Field: f.name}
		}
	}
	seed, err := decodeKey(c.Payload)
	if err != nil {
		return nil, fmt.Errorf("row: payload is no keyring seed: %w", err)
	}
	return seed, nil
}
