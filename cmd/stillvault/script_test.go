package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCode runs "code N PROGRAM ARG…" and wants that exit code. It leaves the
// output where stdout and stderr look for it.
func scriptCode(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// scriptCapture runs "capture VARIABLE REGEXP" on the last output, standard
// output first, and sets the variable to the expression's first group.
func scriptCapture(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE REGEXP")
	}
	form, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	for _, stream := range []string{"stdout", "stderr"} {
		if m := form.FindStringSubmatch(ts.ReadFile(stream)); m != nil {
			ts.Setenv(args[0], m[1])
			return
		}
	}
	ts.Fatalf("nothing matches %s", args[1])
}

// scriptRestart runs "restart fresh": the broker is replaced, at the same
// address, by one with empty storage, as after a restore gone wrong.
func scriptRestart(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 || args[0] != "fresh" {
		ts.Fatalf("usage: restart fresh")
	}
	b := ts.Value(brokerKey{}).(*scriptBroker)
	address := strings.TrimPrefix(b.host.Addr(), "http://")
	ts.Check(b.host.Close())
	ts.Check(os.Remove(b.data))
	ts.Check(b.start(address))
}
