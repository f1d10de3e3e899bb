package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// policyRows are the benchmarks of core/roster that the table of policies shows,
// with what is done in each.
var policyRows = []struct {
	benchmark, name string
	goal            *goal // in µs
}{
	{"BenchmarkPolicyResolutionAmong10000/today", "the policy of a path, of 10,000", &goal{most: true, bound: 20}},
	{"BenchmarkPolicyResolutionAmong10000/earlier", "the one in force at an earlier statement", &goal{most: true, bound: 20}},
	{"BenchmarkPolicyResolutionAmong10000/uncovered", "that a path has none", &goal{most: true, bound: 20}},
	{"BenchmarkPolicySetAmong10000", "append a signed policy to the roster", nil},
	{"BenchmarkAssignAmong1000/team", "assign people: 1 of 10, 2 of 10 others, break-glass", nil},
	{"BenchmarkAssignAmong1000/everyone", "assign people: 2 of 1,000 in nested groups", nil},
}

// measurePolicies runs the benchmarks of core/roster.
func measurePolicies(ctx context.Context, e effort, p *progress) ([]table, error) {
	figures, err := benchmarks(ctx, e, p, "./core/roster", "^Benchmark(PolicyResolution|PolicySet|Assign)Among")
	if err != nil {
		return nil, err
	}
	t := table{title: "Policies, with the roster in memory (µs)", header: []string{"", "µs", "goal", ""}}
	for _, row := range policyRows {
		s := figures[row.benchmark]
		if len(s) == 0 {
			return nil, fmt.Errorf("core/roster has no %s", row.benchmark)
		}
		cells := []string{row.name, s.show("%.1f")}
		if row.goal != nil {
			cells = append(cells, row.goal.judge(s.median())...)
		}
		t.row(cells...)
	}
	t.note("Appending includes signing and verifying the statement. These are core/roster's own benchmarks: go test -bench . ./core/roster")
	return []table{t}, nil
}

// benchLine is how go test prints a benchmark: its name, on how many cores, how
// often it ran, and what that took.
var benchLine = regexp.MustCompile(`^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op`)

// benchmarks runs those of a package of the checkout as often as a comparison has
// rounds and returns their figures, in µs, by name.
func benchmarks(ctx context.Context, e effort, p *progress, pkg, pattern string) (map[string]sample, error) {
	p.say("go test -bench %s", pkg)
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern,
		"-benchtime", e.benchTime.String(), "-count", strconv.Itoa(e.rounds), pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), buildSettings()...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go test -bench %s: %w\n%s%s", pkg, err, said.Bytes(), out)
	}
	figures := map[string]sample{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if found := benchLine.FindStringSubmatch(strings.TrimSpace(lines.Text())); found != nil {
			ns, err := strconv.ParseFloat(found[2], 64)
			if err != nil {
				return nil, err
			}
			figures[found[1]] = append(figures[found[1]], ns/1e3)
		}
	}
	return figures, nil
}
