package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// reshareTest is the test that measures, and reshareLine what it says.
const reshareTest = "TestReshareFigure"

var reshareLine = regexp.MustCompile(`re-share of (\d+) secrets, ([^:]+): ([\d.]+) s, ([\d.]+) s of it in its core`)

// measureReshare has a phone share the secrets of a policy anew, with the app as it
// is shipped, in a browser.
func measureReshare(ctx context.Context, e effort, p *progress) ([]table, error) {
	var whole, core sample
	var secrets, what string
	for round := range e.reshares {
		p.say("re-share in a browser, round %d of %d", round+1, e.reshares)
		found, err := reshareOnce(ctx)
		if err != nil {
			return nil, err
		}
		secrets, what = found[1], found[2]
		for i, s := range []*sample{&whole, &core} {
			seconds, err := strconv.ParseFloat(found[3+i], 64)
			if err != nil {
				return nil, err
			}
			*s = append(*s, seconds)
		}
	}
	t := table{title: fmt.Sprintf("Re-share of %s secrets, %s, from the gesture to the last page that the broker took", secrets, what), header: []string{"", "s", "goal", ""}}
	t.row(append([]string{"what the person waits for, with progress", whole.show("%.1f")}, atMost(20).judge(whole.median())...)...)
	t.row("of it the core, in WebAssembly", core.show("%.1f"))
	t.note("For every secret the core verifies the version, opens the share, seals four pieces and signs them; sealing takes four fifths of that.")
	return []table{t}, nil
}

// reshareOnce returns what the test said. A test that fails because it took too
// long has said it before.
func reshareOnce(ctx context.Context) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-count", "1", "-v", "-run", "^"+reshareTest+"$", "./plugins/phone/endtoend", "-reshare-figure")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), buildSettings()...)
	out, err := cmd.CombinedOutput()
	found := reshareLine.FindSubmatch(out)
	if found == nil {
		return nil, fmt.Errorf("go test -run %s ./plugins/phone/endtoend: %w\n%s", reshareTest, err, out)
	}
	texts := make([]string, len(found))
	for i, b := range found {
		texts[i] = string(bytes.TrimSpace(b))
	}
	return texts, nil
}
