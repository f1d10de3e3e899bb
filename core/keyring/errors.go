package keyring

import (
	"errors"
	"fmt"
)

// Errors of this package. Each is returned wrapped with what was being done.
var (
	// ErrFormat means that a row, backup or certificate is malformed: a
	// missing, unknown, duplicate or ill-typed field, or one of wrong length.
	ErrFormat = errors.New("recovery_format_invalid")
	// ErrVersion means that a row names a suite or version that this build
	// does not know.
	ErrVersion = errors.New("recovery_version_unknown")
	// ErrKDFBounds means that a row asks for Argon2 parameters outside t 1–20,
	// m 16–256 MiB, p 1. They are refused before anything is computed.
	ErrKDFBounds = errors.New("kdf_parameters_out_of_bounds")
	// ErrNoFactor means that a row is not wrapped by the factor asked for, or
	// that a row was to be made with no factor at all.
	ErrNoFactor = errors.New("factor_absent")
	// ErrWrongFactor means that a row does not open with what was given: a
	// wrong passkey, password or recovery key, or a changed envelope or salt,
	// which nobody who lacks the key can tell apart.
	ErrWrongFactor = errors.New("wrong_factor")
	// ErrPRFChanged means that an authenticator answers otherwise than it did
	// before: the row is as it was, the authenticator is not.
	ErrPRFChanged = errors.New("prf_output_changed")
	// ErrPassword means that a password is not UTF-8 or has nothing in it but
	// white space.
	ErrPassword = errors.New("password_unusable")
	// ErrOwner means that a row belongs to another approver, or that a keyring
	// was named without organisation, approver or generation.
	ErrOwner = errors.New("keyring_owner_mismatch")
	// ErrFactorKind means that a factor kind is not known to this build.
	ErrFactorKind = errors.New("unknown_factor_kind")
	// ErrCertificate means that a device certificate says something that no
	// certificate may say.
	ErrCertificate = errors.New("device_certificate_invalid")
)

// TamperedError says which part of a row was changed after it was made. Field
// is the row's JSON key. Where only one of several can have been changed and
// which is not knowable, they stand in Field separated by " or ".
type TamperedError struct{ Field string }

// Error names the field and says what to do.
func (e *TamperedError) Error() string {
	return "row_tampered: " + e.Field + " was changed after this row was made; use another copy of it"
}

func formatError(field, problem string) error {
	return fmt.Errorf("row: %s: %s: %w", field, problem, ErrFormat)
}
