package terminal

import (
	"fmt"
	"strings"
)

// barWidth is how many cells a progress bar has.
const barWidth = 30

// Progress is work of many parts that goes on. Where standard error is a terminal,
// it is a bar on one line; elsewhere, a line for each call, so that a log shows it.
type Progress struct {
	t     *Terminal
	label string
	live  bool
	begun bool
}

// NewProgress begins to tell about work.
func (t *Terminal) NewProgress(label string) *Progress {
	return &Progress{t: t, label: label, live: isTerminal(t.err)}
}

// At tells how much is done, of how much.
func (p *Progress) At(done, total uint32) {
	text := fmt.Sprintf("%s  %d of %d", Visible(p.label), done, total)
	if !p.live {
		fmt.Fprintln(p.t.err, text)
		return
	}
	p.begun = true
	filled := barWidth
	if total > 0 {
		filled = int(uint64(min(done, total)) * barWidth / uint64(total))
	}
	fmt.Fprintf(p.t.err, "\r\x1b[2K[%s%s] %s", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), text)
}

// End ends the bar's line.
func (p *Progress) End() {
	if p.begun {
		fmt.Fprintln(p.t.err)
	}
}
