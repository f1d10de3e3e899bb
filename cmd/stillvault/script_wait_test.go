package main

import (
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptEventually runs "eventually REGEXP PROGRAM ARG…" again and again until
// its standard output matches, and leaves that where stdout looks for it.
func scriptEventually(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: eventually REGEXP PROGRAM ARG…")
	}
	form, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && form.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nothing matched %s for %s", args[0], patience)
		}
	}
}

// scriptCrash runs "crash": the engine's process is killed. The next call starts
// another over the same storage.
func scriptCrash(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 0 {
		ts.Fatalf("usage: crash")
	}
	ts.Check(ts.Value(brokerKey{}).(*scriptBroker).host.Kill())
}
