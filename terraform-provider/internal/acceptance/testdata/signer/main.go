// Command signer is a signer for the tests: "signer KEYFILE BEHAVIOUR" signs with
// the key of a file without a passphrase, and misbehaves as it is told. A behaviour
// NAME@N is only that of the statement of that number, and of those after it. It
// then writes the file that STILLVAULT_SIGNER_MARK names.
package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/contract"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func main() {
	key, err := file.Open(context.Background(), os.Args[1], "", signer.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	behaviour, from, _ := strings.Cut(os.Args[2], "@")
	first, _ := strconv.ParseUint(from, 10, 64)
	_, other, _ := ed25519.GenerateKey(nil)
	contract.Serve(&fixture{key: key, other: other, behaviour: behaviour, first: first})
}

type fixture struct {
	key       *file.Key
	other     ed25519.PrivateKey
	behaviour string
	first     uint64
	misbehave bool
}

// PublicKey answers with the file's key, mostly.
func (f *fixture) PublicKey(context.Context) (ed25519.PublicKey, error) {
	if f.misbehave && f.behaviour == "changes" {
		return f.other.Public().(ed25519.PublicKey), nil
	}
	public := f.key.Public()
	return public[:], nil
}

// Sign behaves.
func (f *fixture) Sign(ctx context.Context, s contract.Statement) ([]byte, error) {
	st, err := s.Read()
	if err != nil {
		return nil, err
	}
	if st.Seq < f.first {
		f.misbehave = st.Seq+1 == f.first
		return f.key.Sign(s.Type, s.Payload)
	}
	f.misbehave = true
	if mark := os.Getenv("STILLVAULT_SIGNER_MARK"); mark != "" {
		if err := os.WriteFile(mark, []byte(st.Kind), 0o600); err != nil {
			return nil, err
		}
	}
	switch f.behaviour {
	case "garbles":
		return make([]byte, ed25519.SignatureSize), nil
	case "lies":
		return ed25519.Sign(f.other, s.PAE()), nil
	case "sleeps":
		<-ctx.Done()
		return nil, ctx.Err()
	case "dies":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "refuses":
		return nil, contract.Refuse("the release manager is on holiday")
	}
	return f.key.Sign(s.Type, s.Payload)
}
