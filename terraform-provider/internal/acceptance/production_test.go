package acceptance

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptProduction runs "production": after found, alice and bob are admitted, either
// of whom may release what lies under prod/, and the provider is admitted to read and
// write it.
func scriptProduction(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 0 {
		ts.Fatalf("usage: production")
	}
	scriptAdmit(ts, false, []string{"alice", "bob"})
	administrator(ts, "consumer", "admit", "terraform", "--kind", "terraform", "--key", ts.Getenv("TERRAFORM_KEY"))
	administrator(ts, "policy", "set", "databases", "--path", "prod/*", "--require", "dba=1 of alice,bob", "--author", "terraform", "--consumer", "terraform,vault")
}

// scriptTextenv runs "textenv VARIABLE FILE": the variable holds what is in the file,
// without space around it.
func scriptTextenv(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: textenv VARIABLE FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}
