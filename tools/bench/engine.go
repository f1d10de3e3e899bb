package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// engine is what one of the three engines is asked to do.
type engine struct {
	name            string
	write, metadata func(path string) string // API paths
	body            []byte                   // of a write
}

func engines() []engine {
	wrapped := append(append([]byte(`{"data":`), value()...), '}')
	under := func(mount, kind string) func(string) string {
		return func(path string) string { return mount + "/" + kind + "/" + path }
	}
	return []engine{
		{ours, under(ours, "secret"), under(ours, "metadata"), value()},
		{null, under(null, "secret"), under(null, "metadata"), value()},
		{kv, under(kv, "data"), under(kv, "metadata"), wrapped},
	}
}

// known is how many secrets the metadata reads go round.
const known = 64

func measureEngine(ctx context.Context, e effort, p *progress) (tables []table, err error) {
	s, err := open(ctx, p, shipped)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, one := range engines() {
		for i := range known {
			if err := s.user.post(ctx, one.write(fmt.Sprintf("known/%d", i)), one.body); err != nil {
				return nil, err
			}
		}
	}
	throughput, err := s.measureThroughput(ctx, e, p)
	if err != nil {
		return nil, err
	}
	latency, err := s.measureLatency(ctx, e, p)
	if err != nil {
		return nil, err
	}
	return []table{*throughput, *latency}, nil
}

func (s *site) measureThroughput(ctx context.Context, e effort, p *progress) (*table, error) {
	t := &table{
		title:  "Throughput on one Vault " + s.server.Version() + ", storage raft on disk, each engine by turns (operations a second)",
		header: []string{"", "clients", "stillvault", "null engine", "stillvault reaches", "goal", "", "KV v2"},
	}
	for _, kind := range []string{"secret write", "metadata read"} {
		for _, clients := range []int{1, 8} {
			p.say("%s, %d clients", kind, clients)
			if err := s.spent.reset(); err != nil {
				return nil, err
			}
			var contestants []contestant
			for _, one := range engines() {
				contestants = append(contestants, contestant{one.name, func(ctx context.Context) (float64, error) {
					return s.spell(ctx, one, kind, clients, e.spell)
				}})
			}
			figures, err := compete(ctx, e.rounds, p, contestants...)
			if err != nil {
				return nil, err
			}
			ratio := figures[ours].over(figures[null])
			row := []string{kind, fmt.Sprint(clients), figures[ours].show("%.0f"), figures[null].show("%.0f"), ratio.show("%.2f ×")}
			t.row(append(append(row, atLeast(0.8).judge(ratio.median())...), figures[kv].show("%.0f"))...)
			if kind == "secret write" && clients == 8 {
				mine, other, err := s.spent.each()
				if err != nil {
					return nil, err
				}
				t.note("For a write at 8 clients Stillvault's plug-in takes %.2f ms of processor time, the null engine's %.2f ms; at the null engine's", mine, other)
				t.note("pace the whole machine has %.2f ms for each.", float64(runtime.NumCPU())*1e3/figures[null].median())
			}
		}
	}
	t.note("The null engine is an external plug-in, too, and does for a write 2 reads and 2 writes of %d and %d bytes of storage,", s.sizes.version, s.sizes.record)
	t.note("for a metadata read 1 read, as Stillvault does, and no cryptography. KV v2 is built in, and for information.")
	return t, nil
}

var spells atomic.Uint64 // numbers them, so that each writes to paths of its own

// spell has clients call one engine for a while and returns calls a second.
func (s *site) spell(ctx context.Context, one engine, kind string, clients int, length time.Duration) (float64, error) {
	spell := spells.Add(1)
	var done atomic.Uint64
	errs := make([]error, clients)
	var all sync.WaitGroup
	start := time.Now()
	for c := range clients {
		all.Go(func() {
			for i := 0; time.Since(start) < length && errs[c] == nil; i++ {
				if kind == "metadata read" {
					_, errs[c] = s.user.get(ctx, one.metadata(fmt.Sprintf("known/%d", (i+c*known/clients)%known)))
				} else {
					errs[c] = s.user.post(ctx, one.write(fmt.Sprintf("spell-%d/%d-%d", spell, c, i)), one.body)
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	s.spent.calls[one.name] += done.Load()
	return float64(done.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}

// measureLatency compares the time from an approver's answer to the blocked
// reader's result with two round trips of the null engine.
func (s *site) measureLatency(ctx context.Context, e effort, p *progress) (*table, error) {
	p.say("answers to blocked readers")
	a, n := s.approver(0), 0
	example, err := s.exampleAnswer(ctx, a)
	if err != nil {
		return nil, err
	}
	next := func() string { n++; return fmt.Sprintf("known/%d", n%known) }
	null1 := func(ctx context.Context) (time.Duration, error) {
		start := time.Now()
		err := a.calls.post(ctx, null+"/answer/"+next(), example)
		return time.Since(start), err
	}
	null2 := func(ctx context.Context) (time.Duration, error) {
		start := time.Now()
		_, err := s.user.get(ctx, null+"/metadata/"+next())
		return time.Since(start), err
	}
	figures, err := compete(ctx, e.rounds, p,
		trips(ours, e.roundTrips, func(ctx context.Context) (time.Duration, error) { return s.roundTrip(ctx, a, next()) }),
		trips(null, e.roundTrips, func(ctx context.Context) (time.Duration, error) { return s.nullRoundTrip(ctx, a, next(), example) }),
		trips("answer", e.roundTrips, null1), trips("read", e.roundTrips, null2))
	if err != nil {
		return nil, err
	}
	two := make(sample, e.rounds)
	for i := range two {
		two[i] = figures["answer"][i] + figures["read"][i]
	}
	ratio := figures[ours].over(two)
	t := &table{
		title:  "From an approver's answer to the blocked reader's result, on the same Vault (ms, one at a time)",
		header: []string{"", "ms", "stillvault takes", "goal", ""},
	}
	t.row(ours, figures[ours].show("%.2f"), "", "", "")
	t.row(append([]string{"two round trips of the null engine", two.show("%.2f"), ratio.show("%.2f ×")}, atMost(1.5).judge(ratio.median())...)...)
	t.row("a blocked read of the null engine, answered", figures[null].show("%.2f"), figures[ours].over(figures[null]).show("%.2f ×"), "", "")
	t.note("The two round trips are an answer (2 reads and 2 writes of %d and %d bytes of storage, as Stillvault's) %s ms, and a", s.sizes.receipt, s.sizes.answered, figures["answer"].show("%.2f"))
	t.note("metadata read %s ms. Stillvault verifies the release, four signatures, and opens it.", figures["read"].show("%.2f"))
	return t, nil
}

// trips measures the median of n trips, in milliseconds: one that the disk held
// up is not to speak for the others.
func trips(name string, n int, once func(context.Context) (time.Duration, error)) contestant {
	return contestant{name, func(ctx context.Context) (float64, error) {
		var all sample
		for range n {
			took, err := once(ctx)
			if err != nil {
				return 0, err
			}
			all = append(all, took.Seconds()*1e3)
		}
		return all.median(), nil
	}}
}

// exampleAnswer returns a body for the null engine's answers that is as long as
// one to Stillvault.
func (s *site) exampleAnswer(ctx context.Context, a *approver) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := s.startRead(ctx, ours, "sizes")
	said, err := a.answerTo(ctx, "sizes")
	if err != nil {
		return nil, errors.Join(err, read.failed())
	}
	if _, err := read.after(func() error { return a.calls.post(ctx, ours+"/device/answer", said.body) }); err != nil {
		return nil, err
	}
	frame := []byte(`{"release":""}`)
	return bytes.Replace(frame, []byte(`""`), []byte(`"`+strings.Repeat("x", len(said.body)-len(frame))+`"`), 1), nil
}
