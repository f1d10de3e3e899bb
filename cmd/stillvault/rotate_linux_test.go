package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal, everything that a rotation wants is asked for, and nothing is
// changed before somebody says that the next recovery key is written down.
func TestARotationWaitsForTheRecoveryKeyToBeWrittenDown(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED at a terminal: -short")
	}
	dir := t.TempDir()
	b := &scriptBroker{data: filepath.Join(dir, "broker")}
	if err := b.start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.host.Close() })
	t.Setenv("VAULT_TOKEN", "admin-token")
	home, target, paper := filepath.Join(dir, "home"), filepath.Join(dir, "new.key"), filepath.Join(dir, "recovery")
	run := func(lines []string, args ...string) (string, error) {
		return atTerminal(t, home, lines, append(args, "--address", b.host.Addr())...)
	}
	for _, args := range [][]string{{"org", "init", "--no-passphrase", "--recovery-file", paper}, {"org", "log", "push"}} {
		if shown, err := run(nil, args...); err != nil {
			t.Fatalf("%v: %v, it says %s", args, err, shown)
		}
	}
	written, err := os.ReadFile(paper)
	if err != nil {
		t.Fatal(err)
	}
	recovery := strings.TrimSpace(string(written))
	for _, c := range []struct {
		name  string
		lines []string
		says  string
		fails bool
	}{
		{"no recovery key", []string{"correct horse"}, "is not what `stillvault org init`", true},
		{"not written down", []string{recovery, "correct horse", "correct horse", "n"}, "declined: nothing was changed", true},
		{"written down", []string{recovery, "correct horse", "y"}, "The organisation's id stays", false},
		{"once more", []string{recovery, "correct horse"}, "moved to this signer already", false},
	} {
		shown, err := run(c.lines, "org", "rotate", "--to", "file:"+target)
		if (err != nil) != c.fails || !strings.Contains(shown, c.says) {
			t.Errorf("%s: %v, it says %s", c.name, err, shown)
		}
		if strings.Contains(shown, recovery) || strings.Contains(shown, "horse") {
			t.Errorf("%s: what was typed is shown: %s", c.name, shown)
		}
	}
}
