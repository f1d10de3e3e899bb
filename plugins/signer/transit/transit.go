// Package transit signs with an Org Identity key that a Vault's Transit engine
// holds, preferably another Vault than the one whose secrets the organisation
// keeps: whoever may sign there is the organisation.
package transit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
)

// Signer is one version of one key of a Transit engine. It may be used from
// several goroutines.
type Signer struct {
	vault   *remote
	path    string // what is appended to keys/ and sign/
	version int
	public  envelope.VerifyKey
	closed  context.CancelFunc
}

var _ signer.Signer = (*Signer)(nil)

// Open reads the public key once; from then on the signer is that key, in the
// version that the address names or else in the newest. It returns
// [signer.ErrKeyType] for a key that is not of type ed25519 or that derives
// others, [signer.ErrRefused] where the token may not read it, and
// [signer.ErrKeyChanged] where the version is not there. ctx bounds opening only.
func Open(ctx context.Context, a signer.Address, o signer.Options) (*Signer, error) {
	vault, closed, err := connect(a, o)
	if err != nil {
		return nil, fmt.Errorf("open the Org Identity key in Transit: %w", err)
	}
	s := &Signer{vault: vault, path: a.Name, closed: closed}
	if err := s.pin(ctx, a.Value("version")); err != nil {
		closed()
		return nil, fmt.Errorf("open the Org Identity key %s: %w", s, err)
	}
	return s, nil
}

// String says which key this is.
func (s *Signer) String() string { return fmt.Sprintf("%q of %s", s.path, s.vault) }

// keyView is what Transit shows of a key.
type keyView struct {
	Type    string `json:"type"`
	Derived bool   `json:"derived"`
	Latest  int    `json:"latest_version"`
	// Keys are versions; what is shown of each depends on the type.
	Keys map[string]json.RawMessage `json:"keys"`
}

// pin reads the public key of a version, "" being the newest.
func (s *Signer) pin(ctx context.Context, version string) error {
	var view keyView
	if err := s.vault.call(ctx, http.MethodGet, "keys/"+s.path, nil, &view); err != nil {
		return err
	}
	if view.Type != "ed25519" || view.Derived {
		kind := signer.Words(view.Type)
		if view.Derived {
			kind += ", derived"
		}
		return fmt.Errorf("it is of type %q; `vault write -f transit/keys/NAME type=ed25519` makes one: %w", kind, signer.ErrKeyType)
	}
	s.version = view.Latest
	if version != "" {
		s.version, _ = strconv.Atoi(version) // which the address has checked
	}
	held, ok := view.Keys[strconv.Itoa(s.version)]
	if !ok {
		return fmt.Errorf("it has no version %d: %w", s.version, signer.ErrKeyChanged)
	}
	var shown struct {
		PublicKey []byte `json:"public_key"`
	}
	if err := json.Unmarshal(held, &shown); err != nil || len(shown.PublicKey) != len(s.public) {
		return fmt.Errorf("its public key is none of Ed25519: %w", signer.ErrKeyType)
	}
	s.public = envelope.VerifyKey(shown.PublicKey)
	if err := s.public.Check(); err != nil {
		return fmt.Errorf("%w: %w", err, signer.ErrKeyType)
	}
	return nil
}

// Public returns the verification key of the version that was pinned when the
// signer was opened.
func (s *Signer) Public() envelope.VerifyKey { return s.public }

// Sign has Vault sign with the pinned version, whatever version is the newest by
// now.
func (s *Signer) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	signature, err := s.sign(t, payload)
	if err == nil {
		err = signer.Check(t, payload, s.public, signature)
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s, err)
	}
	return signature, nil
}

func (s *Signer) sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	request := map[string]any{
		"input":       base64.StdEncoding.EncodeToString(envelope.PAE(t, payload)),
		"key_version": s.version,
	}
	var answer struct {
		Signature string `json:"signature"`
	}
	if err := s.vault.call(context.Background(), http.MethodPost, "sign/"+s.path, request, &answer); err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(answer.Signature, fmt.Sprintf("vault:v%d:", s.version))
	if !ok {
		return nil, fmt.Errorf("not by version %d: %w", s.version, signer.ErrKeyChanged)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("not a signature in Transit's form: %w", signer.ErrSignature)
	}
	return signature, nil
}

// Close ends calls that are waited for, and the connections. Vault keeps the key.
func (s *Signer) Close() error {
	s.closed()
	s.vault.closeIdle()
	return nil
}
