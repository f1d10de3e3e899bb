package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stillvault/stillvault/plugins/signer"
)

// ErrFounded means that a server was to be without an organisation, and its state
// directory has one.
var ErrFounded = errors.New("state_directory_founded: `stillvault dev` founded an organisation there; start it without --bare, or name a new directory with --home")

// Prepare leaves the organisation to somebody else, Terraform for instance: it
// makes an Org Identity key that has founded nothing yet, unless an earlier start
// made it.
func (s *Server) Prepare(ctx context.Context) error {
	if err := s.announceApp(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(s.foundedMark()); err == nil {
		return fmt.Errorf("%s: %w", s.Home, ErrFounded)
	}
	if _, err := os.Stat(s.identityPath()); err == nil {
		return nil
	}
	if err := s.all(ctx, []string{"org", "keygen", "--no-passphrase"}); err != nil {
		return fmt.Errorf("make an Org Identity key: %w", err)
	}
	return nil
}

// Founding returns the environment in which the command line and the Terraform
// provider found an organisation here, for a shell to export: with the entities of
// people who are to approve, and the token of one who reads.
func (s *Server) Founding() []string {
	return append(s.Variables("admin"),
		signer.Variable+"='"+signer.FileAddress(s.identityPath()).String()+"'",
		"ALICE_ENTITY="+s.People["alice"].Entity,
		"BOB_ENTITY="+s.People["bob"].Entity,
		"CAROL_TOKEN="+s.People["carol"].Token,
	)
}

// foundedMark is a file that says that Found came to its end.
func (s *Server) foundedMark() string { return filepath.Join(s.Home, "dev", "founded") }

// identityPath is where the command line keeps the Org Identity key.
func (s *Server) identityPath() string { return filepath.Join(s.Home, "org", "identity.json") }
