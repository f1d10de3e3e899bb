package keyring

import "github.com/stillvault/stillvault/core/envelope"

// The HKDF info strings of the recovery-vault format. They belong to that
// format and not to Stillvault: other tools derive the same keys from them.
const (
	labelPasskeyKEK  envelope.Label = "keypsafe/kek/pk/v1"
	labelPasswordKEK envelope.Label = "keypsafe/kek/pwdpk/v1"
	labelScopedPRF   envelope.Label = "keypsafe/prf/vault/v1"
	labelPayload     envelope.Label = "keypsafe/dek/payload/v1"
	labelMetadata    envelope.Label = "keypsafe/meta/v1"
)

// The names under which envelopes are bound to a row; the format's AAD has one
// of them in it. The payload is sealed under the metadata's.
const (
	aadPasskey  = "pk"
	aadPassword = "pwdpk"
	aadMetadata = "meta"
)
