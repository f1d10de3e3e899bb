package acceptance

import (
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// longestWait is how long a script waits for what has to come: to have waited in vain
// is the failure, and costs nothing where there is none.
const longestWait = 3 * time.Minute

// scriptEventually runs "eventually REGEXP PROGRAM ARG…" again and again until its
// standard output matches, and leaves that where stdout looks for it.
func scriptEventually(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: eventually REGEXP PROGRAM ARG…")
	}
	form, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(longestWait); ; time.Sleep(20 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && form.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nothing matched %s for %s; last: %v\n%s%s", args[0], longestWait, err, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
	}
}
