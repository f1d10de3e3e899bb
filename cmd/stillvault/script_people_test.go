package main

import (
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var ticketForm = regexp.MustCompile(`"ticket": "([^"]+)"`)

// scriptFound runs "found": an organisation is made and pushed, the mount admitted
// as a consumer, and the host web-1 as another.
func scriptFound(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 0 {
		ts.Fatalf("usage: found")
	}
	for _, line := range []string{
		"org init --no-passphrase --recovery-file recovery", "org log push", "consumer admit --mount --yes", "consumer keygen web-1",
	} {
		ts.Check(ts.Exec("stillvault", strings.Fields(line)...))
	}
	key := strings.TrimSpace(regexp.MustCompile(`(?m)^[A-Za-z0-9_-]{43}$`).FindString(ts.ReadFile("stdout")))
	ts.Check(ts.Exec("stillvault", "consumer", "admit", "web-1", "--key", key))
}

// scriptEnrol runs "enrol [-recovery] NAME[=ENTITY]…": each becomes an approver on a
// machine of their own, whose state directory is $WORK/NAME.
func scriptEnrol(ts *testscript.TestScript, negated bool, args []string) {
	recovery := len(args) > 0 && args[0] == "-recovery"
	if recovery {
		args = args[1:]
	}
	if negated || len(args) == 0 {
		ts.Fatalf("usage: enrol [-recovery] NAME[=ENTITY]…")
	}
	for _, arg := range args {
		name, entity, known := strings.Cut(arg, "=")
		enroll := []string{"approver", "enroll", name, "--software", "--format", "json", "--no-entity"}
		if known {
			enroll = append(enroll[:len(enroll)-1], "--entity", entity)
		}
		ts.Check(ts.Exec("stillvault", enroll...))
		ticket := ticketForm.FindStringSubmatch(ts.ReadFile("stdout"))[1]
		join := []string{"approver", "join", ticket, "--home", ts.MkAbs(name), "--device", name + "-terminal"}
		if recovery {
			const twice = `printf 'a good sentence\na good sentence\n' | exec stillvault "$@"`
			ts.Check(ts.Exec("sh", append([]string{"-c", twice, "join"}, join...)...))
		} else {
			ts.Check(ts.Exec("stillvault", append(join, "--no-recovery")...))
		}
		ts.Check(ts.Exec("stillvault", "approver", "admit", name))
	}
}
