package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
)

func testApp() *app {
	return &app{Terminal: terminal.New(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})}
}

// Every command that does something shows how it is used.
func TestEveryCommandHasHelp(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		if c.Parent() != nil && c.Parent().Parent() == nil && c.GroupID == "" {
			t.Errorf("%s: in no group of the help text", c.CommandPath())
		}
		if !c.HasSubCommands() && !strings.Contains(c.Example, c.CommandPath()) {
			t.Errorf("%s: no example", c.CommandPath())
		}
		for _, child := range c.Commands() {
			check(child)
		}
	}
	check(testApp().root())
}

func TestLongFlagsTakeOneDash(t *testing.T) {
	root := testApp().root()
	for in, want := range map[string]string{
		"org show -format=json":          "org show --format=json",
		"org show -format json":          "org show --format json",
		"org log export -o file":         "org log export -o file",
		"status --format json":           "status --format json",
		"org show -- -format=json":       "org show -- -format=json",
		"policy set x -require a -h":     "policy set x --require a -h",
		"approver list -unknown -fromat": "approver list -unknown -fromat",
	} {
		if got := strings.Join(doubleDashes(root, strings.Fields(in)), " "); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
