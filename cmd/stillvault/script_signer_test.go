package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/stillvault/stillvault/plugins/signer/contract"
)

// testSigner is a program that signs, which scripts run as test-signer. Its
// argument says how it behaves.
type testSigner struct{ behaviour string }

func serveTestSigner() { contract.Serve(testSigner{os.Args[len(os.Args)-1]}) }

func (s testSigner) key() ed25519.PrivateKey {
	name := "organisation"
	if s.behaviour == "other" {
		name = "another"
	}
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (s testSigner) PublicKey(context.Context) (ed25519.PublicKey, error) {
	return s.key().Public().(ed25519.PublicKey), nil
}

func (s testSigner) Sign(ctx context.Context, statement contract.Statement) ([]byte, error) {
	read, err := statement.Read()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "signing %s\n", read.Kind)
	switch s.behaviour {
	case "refuses":
		return nil, contract.Refuse("not on a Sunday")
	case "dies":
		os.Exit(1)
	case "sleeps":
		<-ctx.Done()
		return nil, ctx.Err()
	case "lies":
		return make([]byte, ed25519.SignatureSize), nil
	}
	return ed25519.Sign(s.key(), statement.PAE()), nil
}
