package dev

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stillvault/stillvault/plugins/signer/file"
)

// ErrForeign means that a state directory is not one that this package filled.
var ErrForeign = errors.New("state_directory_in_use: it has an organisation that `stillvault dev` did not found, or not to the end; name a new directory with --home")

// hostConsumer is the consumer that `stillvault get` and `put` are on this
// machine.
const hostConsumer = "workstation"

// approvers are admitted, in the group that decides.
var approvers = []string{"alice", "bob"}

// Found founds the organisation, with the commands that anybody would type: its
// key and log, the mount and this machine as consumers, approvers who each have
// a factor on this machine and one for its loss, and policies. A state directory
// with an organisation in it is left as it is; founded says which it was.
func (s *Server) Found(ctx context.Context) (founded bool, err error) {
	if err := s.announceApp(ctx); err != nil {
		return false, err
	}
	done := s.foundedMark()
	if _, err := os.Stat(done); err == nil {
		return false, nil
	}
	for _, foreign := range []string{filepath.Join(s.Home, "pins.json"), s.identityPath()} {
		if _, err := os.Stat(foreign); err == nil {
			return false, fmt.Errorf("%s: %w", s.Home, ErrForeign)
		}
	}
	if err := errors.Join(os.MkdirAll(s.recoveryDir(), 0o700), os.MkdirAll(filepath.Dir(done), 0o700)); err != nil {
		return false, fmt.Errorf("found the organisation: %w", err)
	}
	steps := []func(context.Context) error{s.foundOrganisation, s.admitConsumers, s.admitApprovers, s.setPolicies}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return false, fmt.Errorf("found the organisation: %w", err)
		}
	}
	return true, file.WritePrivate(done, nil)
}

// recoveryDir is where recovery keys go that a real organisation keeps offline.
func (s *Server) recoveryDir() string { return filepath.Join(s.Home, "recovery") }

// all runs commands of the administrator, one after the other.
func (s *Server) all(ctx context.Context, commands ...[]string) error {
	for _, args := range commands {
		if _, err := s.run(ctx, "admin", nil, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) foundOrganisation(ctx context.Context) error {
	return s.all(ctx,
		[]string{"org", "init", "--no-passphrase", "--recovery-file", filepath.Join(s.recoveryDir(), "organisation")},
		[]string{"org", "log", "push"},
	)
}

func (s *Server) admitConsumers(ctx context.Context) error {
	var made struct {
		Key string `json:"key"`
	}
	out, err := s.run(ctx, "admin", nil, "consumer", "keygen", hostConsumer, "--format=json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("read what consumer keygen printed: %w", err)
	}
	return s.all(ctx,
		[]string{"consumer", "admit", "--mount", "--yes"},
		[]string{"consumer", "admit", hostConsumer, "--key", made.Key},
	)
}

// admitApprovers enrols each approver by a ticket, as if they sat at a terminal
// of their own.
func (s *Server) admitApprovers(ctx context.Context) error {
	for _, name := range approvers {
		var ticket struct {
			Ticket string `json:"ticket"`
		}
		out, err := s.run(ctx, "admin", nil, "approver", "enroll", name, "--entity", s.People[name].Entity, "--format=json")
		if err != nil {
			return err
		}
		if err := json.Unmarshal(out, &ticket); err != nil {
			return fmt.Errorf("read what approver enroll printed: %w", err)
		}
		if err := s.join(ctx, name, ticket.Ticket); err != nil {
			return err
		}
		if err := s.all(ctx, []string{"approver", "admit", name}); err != nil {
			return err
		}
	}
	return nil
}

// join makes an approver's keyring. Password and recovery key, which a person
// would keep apart from the machine, are left where the person who tries this
// finds them.
func (s *Server) join(ctx context.Context, name, ticket string) error {
	password := rand.Text()
	cmd, err := s.command(ctx, name, "approver", "join", "--device", name+"-terminal")
	if err != nil {
		return err
	}
	cmd.Stdin = strings.NewReader(ticket + "\n" + password + "\n" + password + "\n")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("stillvault approver join: %w: %s", err, lastLine(string(said)))
	}
	text := fmt.Sprintf("password: %s\n\n%s", password, said)
	return file.CreatePrivate(filepath.Join(s.recoveryDir(), name), []byte(text))
}

func (s *Server) setPolicies(ctx context.Context) error {
	consumers := []string{"--author", "vault," + hostConsumer, "--consumer", "vault," + hostConsumer}
	return s.all(ctx,
		[]string{"group", "set", "dba", "alice", "bob"},
		append([]string{"policy", "set", "production", "--path", "prod/*", "--require", "dba=1 of group:dba"}, consumers...),
		append([]string{"policy", "set", "team", "--path", "team/*", "--require", "dba=1 of group:dba", "--self-approval"}, consumers...),
	)
}
