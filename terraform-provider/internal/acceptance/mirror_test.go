package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestALockFileRefusesAnotherProvider has the mirror serve a changed program: who
// committed .terraform.lock.hcl does not run it.
func TestALockFileRefusesAnotherProvider(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with terraform and tofu: -short")
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			home := installed(t)
			e := newExample(t, "03-terraform", home, p.find(t))
			if out, err := e.command("terraform", "init"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			changeProviders(t, home)
			if err := os.RemoveAll(filepath.Join(e.dir, ".terraform")); err != nil {
				t.Fatal(err)
			}
			out, err := e.command("terraform", "init")
			if err == nil || !strings.Contains(oneLine(out), "checksum") {
				t.Fatalf("another program under the same version: %v\n%s", err, out)
			}
		})
	}
}

// command runs a program in the example's folder, and returns what it says.
func (e *example) command(line ...string) (string, error) {
	run := exec.Command("bash", "-c", `exec "$@"`, "bash")
	run.Args = append(run.Args, line...)
	run.Dir, run.Env = e.dir, e.env
	out, err := run.CombinedOutput()
	return string(out), err
}

// changeProviders changes every installed provider by a byte.
func changeProviders(t *testing.T, home string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(home, ".terraform.d/plugins/*/stillvault/stillvault/*/*/*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no provider is installed in %s: %v", home, err)
	}
	for _, path := range found {
		program, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := program.WriteString("x"); err != nil {
			t.Fatal(err)
		}
		if err := program.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
