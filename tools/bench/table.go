package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table is one comparison as it is printed.
type table struct {
	title  string
	header []string
	rows   [][]string
	notes  []string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) note(format string, values ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, values...))
}

func (t *table) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", t.title)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  %s\n", strings.Join(t.header, "\t"))
	for _, row := range t.rows {
		fmt.Fprintf(w, "  %s\n", strings.Join(row, "\t"))
	}
	w.Flush()
	for _, n := range t.notes {
		fmt.Fprintf(out, "  %s\n", n)
	}
}

// goal is a bound on a ratio or figure.
type goal struct {
	most  bool // or else at least
	bound float64
}

func atMost(bound float64) goal  { return goal{most: true, bound: bound} }
func atLeast(bound float64) goal { return goal{bound: bound} }

// judge returns the goal and whether the figure meets it, as two cells.
func (g goal) judge(figure float64) []string {
	sign, met := "≥", figure >= g.bound
	if g.most {
		sign, met = "≤", figure <= g.bound
	}
	verdict := "MISSED"
	if met {
		verdict = "met"
	}
	return []string{fmt.Sprintf("%s %g", sign, g.bound), verdict}
}
