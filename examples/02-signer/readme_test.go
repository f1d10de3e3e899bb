package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const top = "../.."

// build builds programs of this repository, which a server and a person run.
func build(t *testing.T, packages ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	cmd := exec.Command("go", append([]string{"build", "-o", folder + "/"}, packages...)...)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return folder
}

// adminLines are what `stillvault dev` prints for admin to paste.
var adminLines = regexp.MustCompile(`(?s)as admin:\n(  export .*?)\n\n`)

// serve runs `stillvault dev` and returns those lines.
func serve(t *testing.T, program string) string {
	t.Helper()
	cmd := exec.Command(program, "dev", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	})
	late := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	var text strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		if found := adminLines.FindStringSubmatch(text.String()); found != nil {
			go io.Copy(io.Discard, out)
			return found[1]
		}
	}
	t.Fatalf("the server printed nothing for admin: %s", text.String())
	return ""
}

// commands are those of the README, in the block that a shell runs.
func commands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```sh\n")
	block, _, ended := strings.Cut(block, "```\n")
	if !found || !ended {
		t.Fatal("the README has no commands")
	}
	return strings.Split(strings.TrimSpace(block), "\n")
}

func TestTheCommandsOfTheREADMERunAsTheyStand(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT RUN with -short: it builds and runs a server")
	}
	bin := build(t, "./cmd/stillvault", "./vault-backend/cmd/vault-plugin-secrets-stillvault")
	pasted := serve(t, filepath.Join(bin, "stillvault"))
	run := func(lines ...string) string {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		script := pasted + "\n" + strings.Join(lines, "\n")
		script = strings.Replace(script, `"$PWD/bin:$PATH"`, `"`+bin+`:$PATH"`, 1) // built by this test
		cmd := exec.CommandContext(ctx, "bash", "-uc", script)
		cmd.Dir = top
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // without a terminal, as in CI
		out, _ := cmd.CombinedOutput()                       // what it printed says how it went
		return string(out)
	}
	all := commands(t)
	out := run(all...)
	for _, part := range []string{
		`statement \d+, group\.set "night": \{`,
		`(?s)statement \d+, group\.delete: \{.*sign group\.delete: signer \S+: it says "this key never signs group\.delete": signer_refused`,
		`(?s)signer_refused.*\nnight .*`,
	} {
		if !regexp.MustCompile(part).MatchString(out) {
			t.Errorf("it does not print what matches %s:\n%s", part, out)
		}
	}
	for _, last := range []struct{ command, says string }{
		{"stillvault consumer revoke vault", "there is no terminal to ask on"},
		{`echo >> "$STILLVAULT_HOME/guard"; stillvault group set night alice`, "signer_changed"},
	} {
		// The first lines build the guard and pin it.
		if out := run(append(all[:4:4], last.command)...); !strings.Contains(out, last.says) {
			t.Errorf("%s does not say %q:\n%s", last.command, last.says, out)
		}
	}
}

func TestOnlyYesIsYes(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, " Y \n": true, "yes\n": false, "n\n": false, "\n": false, "": false, "y": false} {
		terminal := struct {
			io.Reader
			io.Writer
		}{strings.NewReader(answer), &bytes.Buffer{}}
		if got := ask(terminal, "Sign?"); got != want {
			t.Errorf("%q is %t", answer, got)
		}
	}
}
