package main

import (
	"context"
	"fmt"
	"time"
)

// releasePeople is how many people hold shares where quorums are compared.
const releasePeople = 5

// measureRelease compares what a consumer does for a secret that three of five
// people release with what it does where any one of the five may.
func measureRelease(ctx context.Context, e effort, p *progress) ([]table, error) {
	var all [3]*delivery
	var contestants []contestant
	for i, c := range []struct {
		m        int
		together bool
	}{{1, false}, {3, false}, {3, true}} {
		d, err := newDelivery(c.m, c.together)
		if err != nil {
			return nil, err
		}
		all[i], contestants = d, append(contestants, d.contestant(e.seals))
	}
	if _, err := compete(ctx, e.sealRounds, p, contestants...); err != nil {
		return nil, err
	}
	return []table{releaseTable(all[0], all[1], all[2])}, nil
}

func releaseTable(one, apart, together *delivery) table {
	t := table{
		title:  fmt.Sprintf("Receive 1 KiB as a consumer under policies with %d people, without the approvers' part (ms)", releasePeople),
		header: []string{"", "in all", "against any one", "goal", "", "asking", "from the first release on", "from the last release on"},
	}
	whole := func(s spans) time.Duration { return s.ask + s.releases }
	for _, row := range []struct {
		name string
		of   *delivery
	}{{"any one releases it", one}, {"three do, one by one", apart}, {"three do, handed over together", together}} {
		all := row.of.sample(whole)
		cells := []string{row.name, all.show("%.2f")}
		if row.of == one {
			cells = append(cells, "", "", "")
		} else {
			ratio := all.over(one.sample(whole))
			cells = append(append(cells, ratio.show("%.2f ×")), atMost(2).judge(ratio.median())...)
		}
		for _, of := range []func(spans) time.Duration{
			func(s spans) time.Duration { return s.ask },
			func(s spans) time.Duration { return s.releases },
			func(s spans) time.Duration { return s.last },
		} {
			cells = append(cells, row.of.sample(of).show("%.2f"))
		}
		t.row(cells...)
	}
	t.note("Asking is reading and verifying the version and signing the request. For each release two signatures are verified, of the approver's")
	t.note("keyring and of the device, the receipt is held against request, roster and policy, and the share against its commitment. One by one")
	t.note("is how a mount is answered, whatever time people take in between; a host is handed the quorum at once, and expands its request's")
	t.note("key, which is kept as a 32-byte seed, once for all. Everything is read from bytes, on one core.")
	return t
}

// sample returns a figure of every round that counts, in milliseconds for one
// delivery.
func (d *delivery) sample(of func(spans) time.Duration) sample {
	var s sample
	for _, round := range d.rounds[1:] { // compete lets the first not count
		s = append(s, of(round).Seconds()*1e3/float64(d.times))
	}
	return s
}

// contestant measures n deliveries a round.
func (d *delivery) contestant(n int) contestant {
	d.times = n
	return contestant{fmt.Sprintf("%d of %d, together %t", d.m, releasePeople, d.together), func(context.Context) (float64, error) {
		round, err := d.round()
		d.rounds = append(d.rounds, round)
		return (round.ask + round.releases).Seconds(), err
	}}
}
