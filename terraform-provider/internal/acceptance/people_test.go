package acceptance

import (
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var idForm = regexp.MustCompile(`"id": "([0-9a-f-]{36})"`)

// scriptAdmit runs "admit [-recovery] NAME…": each answers a ticket on a machine
// of their own, whose state directory is $WORK/NAME, and is admitted with the
// command line. $NAME_ID, in capitals, is their id. With -recovery, each has a
// password and a recovery key, too.
func scriptAdmit(ts *testscript.TestScript, negated bool, args []string) {
	recovery := len(args) > 0 && args[0] == "-recovery"
	if recovery {
		args = args[1:]
	}
	if negated || len(args) == 0 {
		ts.Fatalf("usage: admit [-recovery] NAME…")
	}
	for _, name := range args {
		administrator(ts, "approver", "enroll", name, "--software", "--format", "json", "--no-entity")
		joinAs(ts, ticketForm.FindStringSubmatch(ts.ReadFile("stdout"))[1], name, recovery)
		administrator(ts, "approver", "admit", name)
		ts.Check(ts.Exec("stillvault", "approver", "show", name, "--format", "json", "--home", ts.Getenv("CLI_HOME")))
		ts.Setenv(strings.ToUpper(name)+"_ID", idForm.FindStringSubmatch(ts.ReadFile("stdout"))[1])
	}
}

// joinAs answers a ticket on a machine of somebody's own.
func joinAs(ts *testscript.TestScript, ticket, name string, recovery bool) {
	join := []string{"approver", "join", ticket, "--home", ts.MkAbs(name), "--device", name + "-terminal"}
	if !recovery {
		ts.Check(ts.Exec("stillvault", append(join, "--no-recovery")...))
		return
	}
	const twice = `printf 'a good sentence\na good sentence\n' | exec stillvault "$@"`
	ts.Check(ts.Exec("sh", append([]string{"-c", twice, "join"}, join...)...))
}
