package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestABareServerIsFoundedBySomebodyElse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "dev.db")
	var key []byte
	inDevelopment(t, data, func(out string) {
		for _, name := range []string{"VAULT_ADDR", "VAULT_TOKEN", "STILLVAULT_HOME", "STILLVAULT_SIGNER", "ALICE_ENTITY", "BOB_ENTITY", "CAROL_TOKEN"} {
			t.Setenv(name, strings.Trim(exported(t, out, name), "'"))
		}
		var err error
		if key, err = os.ReadFile(strings.TrimPrefix(os.Getenv("STILLVAULT_SIGNER"), "file:")); err != nil {
			t.Fatal(err)
		}
		// Whoever founds brings a directory and a key of their own, or Terraform.
		mine := []string{"--home", t.TempDir(), "--signer", "file:" + filepath.Join(t.TempDir(), "org.key")}
		typed(t, append(mine, "org", "init", "--no-passphrase")...)
		typed(t, append(mine, "org", "log", "push")...)
		said := typed(t, append(mine, "approver", "enroll", "alice", "--software", "--entity", os.Getenv("ALICE_ENTITY"))...)
		if strings.Contains(said, "could not be looked up") {
			t.Errorf("the administrator may not look entities up: %s", said)
		}
	}, "--bare")
	inDevelopment(t, data, func(out string) {
		again, err := os.ReadFile(strings.Trim(strings.TrimPrefix(exported(t, out, "STILLVAULT_SIGNER"), "'file:"), "'"))
		if err != nil || !bytes.Equal(again, key) {
			t.Errorf("started again, it has another Org Identity key: %v", err)
		}
	}, "--bare")
	refused(t, "state_directory_in_use", "--data", data)
}

func TestABareServerLeavesAnOrganisationAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED that a bare server leaves an organisation alone: -short")
	}
	data := filepath.Join(t.TempDir(), "dev.db")
	inDevelopment(t, data, func(string) {})
	refused(t, "state_directory_founded", "--data", data, "--bare")
}

// typed runs a command that is to succeed, and returns what it printed to standard
// error.
func typed(t *testing.T, args ...string) string {
	t.Helper()
	var complaint bytes.Buffer
	if code := run(args, strings.NewReader(""), io.Discard, &complaint); code != exitOK {
		t.Fatalf("stillvault %s: exit code %d: %s", strings.Join(args, " "), code, complaint.String())
	}
	return complaint.String()
}

// refused starts a development server that is not to start, for the reason given.
func refused(t *testing.T, reason string, flags ...string) {
	t.Helper()
	var complaint bytes.Buffer
	args := append([]string{"dev", "--plugin", os.Getenv(pluginVariable), "--listen", "127.0.0.1:0"}, flags...)
	if code := run(args, strings.NewReader(""), io.Discard, &complaint); code == exitOK || !strings.Contains(complaint.String(), reason) {
		t.Errorf("exit code %d, want %s: %s", code, reason, complaint.String())
	}
}
