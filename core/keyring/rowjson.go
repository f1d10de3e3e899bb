package keyring

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// wireRow is a row's JSON object. A field that is absent or null is nil.
type wireRow struct {
	ID           *string `json:"id,omitempty"`
	User         *string `json:"user_id,omitempty"`
	Label        *string `json:"vault_label,omitempty"`
	SecretType   *string `json:"secret_type,omitempty"`
	Source       *string `json:"vault_source,omitempty"`
	CredentialID *string `json:"credential_id,omitempty"`

	Payload        *string `json:"payload_ciphertext,omitempty"`
	PayloadNonce   *string `json:"payload_nonce,omitempty"`
	PayloadVersion *uint32 `json:"payload_version,omitempty"`

	PRF        *string `json:"pk_envelope_ciphertext,omitempty"`
	PRFNonce   *string `json:"pk_envelope_nonce,omitempty"`
	PRFAAD     *string `json:"pk_envelope_aad,omitempty"`
	PRFVersion *uint32 `json:"pk_envelope_version,omitempty"`

	Password        *string `json:"pwdpk_envelope_ciphertext,omitempty"`
	PasswordNonce   *string `json:"pwdpk_envelope_nonce,omitempty"`
	PasswordAAD     *string `json:"pwdpk_envelope_aad,omitempty"`
	PasswordVersion *uint32 `json:"pwdpk_envelope_version,omitempty"`

	Metadata        *string `json:"meta_envelope_ciphertext,omitempty"`
	MetadataNonce   *string `json:"meta_envelope_nonce,omitempty"`
	MetadataAAD     *string `json:"meta_envelope_aad,omitempty"`
	MetadataVersion *uint32 `json:"meta_envelope_version,omitempty"`

	KDFSalt          *string `json:"kdf_salt,omitempty"`
	ArgonSalt        *string `json:"argon_salt,omitempty"`
	ArgonTime        *uint32 `json:"argon_time,omitempty"`
	ArgonMemoryMiB   *uint32 `json:"argon_mem_mib,omitempty"`
	ArgonParallelism *uint32 `json:"argon_parallelism,omitempty"`
	ArgonVersion     *uint32 `json:"argon_version,omitempty"`
	Suite            *uint32 `json:"suite,omitempty"`
	AADVersion       *uint32 `json:"aad_version,omitempty"`
	Created          *string `json:"created_at,omitempty"`
}

var rowKeys = jsonKeys[wireRow]()

// ParseRow reads a row as any tool of the format writes it: keys in any order,
// bytes as `\x…` or `0x…` hex, base64 or base64url, absent optional fields as
// null or not at all. A key that is unknown, repeated or in another case is
// [ErrFormat], an unknown suite or version [ErrVersion], an Argon2 parameter
// out of bounds [ErrKDFBounds].
func ParseRow(data []byte) (*Row, error) {
	if err := checkKeys(data, rowKeys); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	var w wireRow
	if err := json.Unmarshal(data, &w); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, formatError(wrong.Field, "is a "+wrong.Value)
		}
		return nil, fmt.Errorf("row: not a JSON object: %w", ErrFormat)
	}
	r, err := w.row()
	if err != nil {
		return nil, err
	}
	return r, r.check()
}

// UnmarshalJSON reads a row as [ParseRow] does.
func (r *Row) UnmarshalJSON(data []byte) error {
	got, err := ParseRow(data)
	if err != nil {
		return err
	}
	*r = *got
	return nil
}

// MarshalJSON writes the row in one way: keys in the format's order, bytes as
// `\x…` lower-case hex, absent fields not at all.
func (r Row) MarshalJSON() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	suite, aadVersion := uint32(rowSuite), uint32(rowAADVersion)
	w := wireRow{
		ID: text(r.ID.String()), User: text(r.User.String()), Label: text(r.Label),
		SecretType: text(r.SecretType), Source: text(r.Source), CredentialID: text(r.CredentialID),
		Payload: encodeBytes(r.Payload.Ciphertext), PayloadNonce: encodeBytes(r.Payload.Nonce[:]), PayloadVersion: &r.Payload.Version,
		KDFSalt: encodeBytes(r.KDFSalt[:]), Suite: &suite, AADVersion: &aadVersion, Created: text(formatTime(r.Created)),
	}
	w.PRF, w.PRFNonce, w.PRFAAD, w.PRFVersion = r.PRF.wire()
	w.Password, w.PasswordNonce, w.PasswordAAD, w.PasswordVersion = r.Password.wire()
	w.Metadata, w.MetadataNonce, w.MetadataAAD, w.MetadataVersion = r.Metadata.wire()
	if a := r.Argon; a != nil {
		w.ArgonSalt, w.ArgonTime, w.ArgonMemoryMiB = encodeBytes(a.Salt[:]), &a.Time, &a.MemoryMiB
		w.ArgonParallelism, w.ArgonVersion = &a.Parallelism, &a.Version
	}
	return envelope.Encode(w)
}

func (w *Wrapped) wire() (ciphertext, nonce, aad *string, version *uint32) {
	if w == nil {
		return nil, nil, nil, nil
	}
	return encodeBytes(w.Ciphertext), encodeBytes(w.Nonce[:]), encodeBytes(w.AAD[:]), &w.Version
}

// text returns nil for what a row leaves out.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
