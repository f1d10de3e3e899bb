// Package open opens the signer that an address names, whichever kind it is.
package open

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/external"
	"github.com/stillvault/stillvault/plugins/signer/file"
	"github.com/stillvault/stillvault/plugins/signer/sshagent"
	"github.com/stillvault/stillvault/plugins/signer/transit"
)

// Signer opens the Org Identity key that address names. An address that is none
// is [signer.ErrAddress]; what else can go wrong is what package signer and the
// kinds name. ctx bounds opening only: closing the signer ends what it waits for.
func Signer(ctx context.Context, address string, o signer.Options) (signer.Signer, error) {
	a, err := signer.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	switch a.Scheme {
	case signer.File:
		return opened(file.Open(ctx, a.Name, a.Value("passphrase_file"), o))
	case signer.SSHAgent:
		return opened(sshagent.Open(ctx, a.Name, o))
	case signer.Transit:
		return opened(transit.Open(ctx, a, o))
	case signer.Exec:
		pin, err := hex.DecodeString(a.Value("sha256"))
		if err != nil {
			return nil, fmt.Errorf("sha256: %w", signer.ErrAddress)
		}
		return opened(external.Open(ctx, a.Name, pin, a.Values("arg"), o))
	}
	return nil, fmt.Errorf("signer of kind %q: %w", a.Scheme, signer.ErrAddress)
}

// opened keeps a nil pointer from becoming a signer that is not nil.
func opened[S signer.Signer](s S, err error) (signer.Signer, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
