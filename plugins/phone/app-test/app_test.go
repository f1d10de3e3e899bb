// Package apptest runs the tests of the phone app's own logic, which are written
// in JavaScript and run under Node without a browser.
package apptest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSession needs node 20.19 or newer. Where it is missing, the test says so,
// and fails in CI.
func TestSession(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		const advice = "the phone app's session tests need node 20.19 or newer: apt-get install nodejs"
		if os.Getenv("CI") == "true" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	files, err := filepath.Glob("*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests found beside this file (%v)", err)
	}
	run := exec.CommandContext(t.Context(), node, append([]string{"--test", "--test-reporter=spec"}, files...)...)
	// Options of the caller's shell must not decide what these tests do.
	run.Env = append(os.Environ(), "NODE_OPTIONS=")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
}
