package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// measureBlocked has many reads block at once, and answers them all.
func measureBlocked(ctx context.Context, e effort, p *progress) (tables []table, err error) {
	if err := enoughFiles(e.blocked); err != nil {
		return nil, err
	}
	s, err := open(ctx, p, measured)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	mine, err := s.measureCrowd(ctx, ours, e, p)
	if err != nil {
		return nil, err
	}
	other, err := s.measureCrowd(ctx, null, e, p)
	if err != nil {
		return nil, err
	}
	t := table{
		title:  fmt.Sprintf("%d reads of distinct secrets blocked at once, through Vault %s, storage raft on disk", e.blocked, s.server.Version()),
		header: []string{"", "stillvault", "goal", "", "null engine"},
	}
	kib := func(bytes float64) string { return fmt.Sprintf("%.1f", bytes/1024) }
	t.row(append(append([]string{"KiB resident in the plug-in, each, after a collection", kib(mine.resident)},
		atMost(24).judge(mine.resident/1024)...), kib(other.resident))...)
	t.row("KiB resident as they blocked, garbage and all", kib(mine.uncollected), "", "", kib(other.uncollected))
	t.row(append(append([]string{"reads lost", fmt.Sprint(mine.lost)}, atMost(0).judge(float64(mine.lost))...), fmt.Sprint(other.lost))...)
	t.row(append(append([]string{"released a second, answered in bulk", mine.rate.show("%.0f")}, atLeast(4000).judge(mine.overall)...), other.rate.show("%.0f"))...)
	t.row("all of them, from the first answer to the last result, s", fmt.Sprintf("%.1f", float64(e.blocked)/mine.overall), "", "", fmt.Sprintf("%.1f", float64(e.blocked)/other.overall))
	t.note("Readers, Vault, the plug-in and %d clients that post answers share %d cores. Every answer is one call through Vault and", bulk, runtime.NumCPU())
	t.note("two entries in storage; Stillvault's are verified and opened one by one. What the null engine releases is what Vault and")
	t.note("the storage allow. The spread is over tenths of the reads, in the order in which they ended; the goal is for all.")
	return []table{t}, nil
}

// enoughFiles checks that as many connections may be open.
func enoughFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("ask how many files may be open: %w", err)
	}
	if want := uint64(n + 500); limit.Max < want {
		return fmt.Errorf("%d files may be open at once, %d are needed; run `ulimit -n %d` first, or measure with -quick", limit.Max, want, want)
	}
	return nil
}

// crowdFigures is what a crowd measured.
type crowdFigures struct {
	resident, uncollected float64 // bytes for each read
	lost                  int
	overall               float64 // released a second, all of them
	rate                  sample  // the same of each tenth
}

func (s *site) measureCrowd(ctx context.Context, mount string, e effort, p *progress) (*crowdFigures, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	c := &crowd{s, mount, e.blocked}
	p.say("%s: writing %d secrets", mount, c.n)
	if err := c.each(p, func(i int) error { return s.user.post(ctx, mount+"/secret/"+c.path(i), c.value(i)) }); err != nil {
		return nil, err
	}
	pid, err := s.pluginProcess(mount)
	if err != nil {
		return nil, err
	}
	before, err := residentCollected(ctx, pid)
	if err != nil {
		return nil, err
	}
	p.say("%s: reading them, all blocked", mount)
	readCtx, stop := context.WithCancel(ctx)
	defer stop()
	results, err := c.block(readCtx, p)
	if err != nil {
		return nil, err
	}
	f := &crowdFigures{}
	uncollected, err := resident(pid)
	if err != nil {
		return nil, err
	}
	after, err := residentCollected(ctx, pid)
	if err != nil {
		return nil, err
	}
	f.resident, f.uncollected = float64(after-before)/float64(c.n), float64(uncollected-before)/float64(c.n)
	p.say("%s: %.1f KiB each; preparing the answers", mount, f.resident/1024)
	answers, err := c.answers(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.allBlocked(ctx); err != nil {
		return nil, err
	}
	p.say("%s: answering", mount)
	return f, c.release(ctx, f, answers, results)
}
