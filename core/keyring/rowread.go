package keyring

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// rowReader turns the fields of a wireRow into those of a Row and keeps the
// first error, so that a field is one line.
type rowReader struct{ err error }

func (w *wireRow) row() (*Row, error) {
	var in rowReader
	in.one("suite", w.Suite, rowSuite)
	in.one("aad_version", w.AADVersion, rowAADVersion)
	r := &Row{
		ID: in.id("id", w.ID), User: in.id("user_id", w.User),
		Label: in.text(w.Label), SecretType: in.text(w.SecretType), Source: in.text(w.Source), CredentialID: in.text(w.CredentialID),
		Payload:  in.sealed("payload", w.Payload, w.PayloadNonce, w.PayloadVersion),
		PRF:      in.factor("pk_envelope", w.PRF, w.PRFNonce, w.PRFAAD, w.PRFVersion),
		Password: in.factor("pwdpk_envelope", w.Password, w.PasswordNonce, w.PasswordAAD, w.PasswordVersion),
		Metadata: in.wrapped("meta_envelope", w.Metadata, w.MetadataNonce, w.MetadataAAD, w.MetadataVersion),
		Argon:    in.argon(w),
	}
	in.fixed("kdf_salt", w.KDFSalt, r.KDFSalt[:])
	if w.Created != nil {
		created, err := parseTime(*w.Created)
		in.keep(err)
		r.Created = created
	}
	if in.err != nil {
		return nil, in.err
	}
	return r, nil
}

func (in *rowReader) keep(err error) {
	if in.err == nil {
		in.err = err
	}
}

// one reads a version that may be missing and is known to have one value.
func (in *rowReader) one(name string, n *uint32, known uint32) {
	if n != nil && *n != known {
		in.keep(fmt.Errorf("row: %s is %d, known is %d: %w", name, *n, known, ErrVersion))
	}
}

func (in *rowReader) text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (in *rowReader) id(name string, s *string) envelope.ID {
	id, err := envelope.ParseID(in.text(s))
	if err != nil {
		in.keep(formatError(name, "not a lower-case UUID"))
	}
	return id
}

func (in *rowReader) number(name string, n *uint32) uint32 {
	if n == nil {
		in.keep(formatError(name, "absent"))
		return 0
	}
	return *n
}

func (in *rowReader) bytes(name string, s *string) []byte {
	if s == nil {
		in.keep(formatError(name, "absent"))
		return nil
	}
	b, err := decodeBytes(*s)
	if err != nil {
		in.keep(formatError(name, "neither hex nor base64"))
	}
	return b
}

func (in *rowReader) fixed(name string, s *string, out []byte) {
	b := in.bytes(name, s)
	if len(b) != len(out) {
		in.keep(formatError(name, fmt.Sprintf("of %d bytes, want %d", len(b), len(out))))
	}
	copy(out, b)
}

func (in *rowReader) sealed(name string, ciphertext, nonce *string, version *uint32) Sealed {
	s := Sealed{Ciphertext: in.bytes(name+"_ciphertext", ciphertext), Version: in.number(name+"_version", version)}
	in.fixed(name+"_nonce", nonce, s.Nonce[:])
	return s
}

func (in *rowReader) wrapped(name string, ciphertext, nonce, aad *string, version *uint32) Wrapped {
	w := Wrapped{Sealed: in.sealed(name, ciphertext, nonce, version)}
	in.fixed(name+"_aad", aad, w.AAD[:])
	return w
}

// factor reads an envelope that is there with all its fields or with none.
func (in *rowReader) factor(name string, ciphertext, nonce, aad *string, version *uint32) *Wrapped {
	if ciphertext == nil && nonce == nil && aad == nil && version == nil {
		return nil
	}
	w := in.wrapped(name, ciphertext, nonce, aad, version)
	return &w
}

func (in *rowReader) argon(w *wireRow) *Argon {
	if w.ArgonSalt == nil && w.ArgonTime == nil && w.ArgonMemoryMiB == nil && w.ArgonParallelism == nil && w.ArgonVersion == nil {
		return nil
	}
	a := &Argon{
		Time: in.number("argon_time", w.ArgonTime), MemoryMiB: in.number("argon_mem_mib", w.ArgonMemoryMiB),
		Parallelism: in.number("argon_parallelism", w.ArgonParallelism), Version: in.number("argon_version", w.ArgonVersion),
	}
	in.fixed("argon_salt", w.ArgonSalt, a.Salt[:])
	return a
}
