package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// atTerminal runs this command at a terminal of its own, types each line once its
// question stands there, and returns all that the terminal showed.
func atTerminal(t *testing.T, home string, lines []string, args ...string) (output string, failure error) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = append([]string{"stillvault"}, args...)
	cmd.Env = append(os.Environ(), "STILLVAULT_HOME="+home, "NO_COLOR=1", "VAULT_ADDR=http://127.0.0.1:1", "VAULT_MAX_RETRIES=0")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = screen.Close()
	watchdog := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	var all shown
	gone := make(chan struct{}) // closed when the last one at the terminal has gone
	go func() {
		defer close(gone)
		_, _ = io.Copy(&all, keyboard)
	}()
	for tick, answered := time.NewTicker(time.Millisecond), 0; ; {
		select {
		case <-gone:
			return all.String(), cmd.Wait()
		case <-tick.C:
		}
		if text := all.String(); len(lines) > 0 && len(text) > answered && asks(t, text, int(keyboard.Fd())) {
			answered = len(text)
			fmt.Fprintln(keyboard, lines[0])
			lines = lines[1:]
		}
	}
}

// asks says whether a text ends in a question that is being waited for: one that
// wants a yes, or, with a colon and a space, something that is not shown any more.
// Text may end so for a moment without being a question.
func asks(t *testing.T, text string, terminal int) bool {
	t.Helper()
	if strings.HasSuffix(text, "[y/N] ") {
		return true
	}
	if !strings.HasSuffix(text, ": ") {
		return false
	}
	state, err := unix.IoctlGetTermios(terminal, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO == 0
}

func TestAPassphraseIsAskedForAtATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED at a terminal: -short")
	}
	home := t.TempDir()
	key := filepath.Join(home, "org", "identity.json")
	for _, c := range []struct {
		name  string
		lines []string
		args  []string
		says  string
		fails bool
		makes bool
	}{
		{"nothing", []string{""}, []string{"org", "init"}, "passphrase_empty", true, false},
		{"a short one", []string{"hunter2 ünd"}, []string{"org", "init"}, "passphrase_short", true, false},
		{"two others", []string{"correct horse", "battery staple"}, []string{"org", "init"}, "passphrases_differ", true, false},
		{"the same twice", []string{"correct horse", "correct horse"}, []string{"org", "init"}, "shown this once", false, true},
		{"another one later", []string{"battery staple"}, []string{"org", "checkpoint", "--expires", "1h"}, "what was typed does not open " + key + ": signer_passphrase_wrong", true, true},
		{"the right one later", []string{"correct horse"}, []string{"org", "checkpoint", "--expires", "1h"}, "VAULT_ADDR", true, true},
	} {
		shown, err := atTerminal(t, home, c.lines, c.args...)
		if (err != nil) != c.fails || !strings.Contains(shown, c.says) {
			t.Errorf("%s: %v, it says %s", c.name, err, shown)
		}
		if strings.Contains(shown, "horse") || strings.Contains(shown, "battery") {
			t.Errorf("%s: what was typed is shown: %s", c.name, shown)
		}
		if _, err := os.Stat(key); (err == nil) != c.makes {
			t.Errorf("%s: the key file: %v", c.name, err)
		}
	}
}
