package acceptance

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// step is a fenced block of a README and what the text block after it says that it
// prints.
type step struct {
	// How it runs, the words after "sh": none for one that succeeds, "refused" for
	// one that fails, "build" for what TestMain has done, and "server PERSON…" for
	// one that stays, and prints an export for each person.
	how    []string
	lines  string
	prints []string
}

func (s step) is(how string) bool { return len(s.how) > 0 && s.how[0] == how }

var fence = regexp.MustCompile("(?ms)^```(\\w+)([^\n]*)\n(.*?)^```$")

// stepsOf takes the fenced blocks out of a README. Other languages than sh and text
// are for people.
func stepsOf(t *testing.T, path string) []step {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		switch block[1] {
		case "sh":
			steps = append(steps, step{how: strings.Fields(block[2]), lines: block[3]})
		case "text":
			steps[len(steps)-1].prints = strings.Split(strings.TrimSpace(block[3]), "\n")
		}
	}
	if len(steps) == 0 {
		t.Fatalf("%s has no blocks of sh", path)
	}
	return steps
}

// script is a shell script of the steps, each of which leaves what it printed in a
// file of its number in $OUT.
func script(steps []step) string {
	var b strings.Builder
	b.WriteString("set -eo pipefail\n")
	for i, s := range steps {
		fmt.Fprintf(&b, "exec >\"$OUT/%d\" 2>&1\n", i)
		if s.is("refused") {
			fmt.Fprintf(&b, "set +e\n(\nset -e\n%s)\nstatus=$?\nset -e\n[ $status != 0 ] || { echo 'this was to be refused'; exit 1; }\n", s.lines)
		} else {
			b.WriteString(s.lines)
		}
	}
	return b.String()
}

// check finds what the README says in what a step printed, in that order, where "…"
// stands for anything and lines may be wrapped.
func (s step) check(t *testing.T, printed string) {
	t.Helper()
	rest := oneLine(printed)
	for _, line := range s.prints {
		for _, part := range strings.Split(line, "…") {
			part = oneLine(part)
			at := strings.Index(rest, part)
			if at < 0 {
				t.Errorf("the README says that this prints %q:\n%s\nit prints:\n%s", line, s.lines, printed)
				return
			}
			rest = rest[at+len(part):]
		}
	}
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(text)), " ")
}

func TestAReadmesBlocksAreReadInOrder(t *testing.T) {
	path := t.TempDir() + "/README.md"
	text := "# It\n\n```sh server admin\nserve\n```\n\n```text\nready …\nnow\n```\n```hcl\nx = 1\n```\n```sh\nuse it\nagain\n```\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := stepsOf(t, path)
	if len(steps) != 2 || !steps[0].is("server") || steps[1].lines != "use it\nagain\n" {
		t.Fatalf("%d steps: %q", len(steps), steps)
	}
	steps[0].check(t, "╷\n│ ready\n│ in a while,\n│ now\n╵\n")
}
