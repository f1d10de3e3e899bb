package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is many reads of distinct secrets of one mount that block at once.
type crowd struct {
	site  *site
	mount string
	n     int
}

// bulk is how many clients write, read and answer at once where many do.
const bulk = 32

func (c *crowd) path(i int) string { return fmt.Sprintf("crowd/%05d", i) }

// value is another one for each secret, so that a mix-up shows.
func (c *crowd) value(i int) []byte {
	return bytes.Replace(value(), []byte("xxxxx"), fmt.Appendf(nil, "%05d", i), 1)
}

// each calls f for every member, several at once, until one fails.
func (c *crowd) each(p *progress, f func(i int) error) error {
	var next, done atomic.Int64
	errs := make([]error, bulk)
	var all sync.WaitGroup
	for w := range bulk {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < c.n && errs[w] == nil; i = int(next.Add(1)) - 1 {
				errs[w] = f(i)
				if n := done.Add(1); p != nil && n%2500 == 0 {
					p.say("%d of %d", n, c.n)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// result is how a read ended.
type result struct {
	i   int
	at  time.Time
	err error
}

// block starts a read of every secret and returns once all are blocked. A read
// whose wait is over reads again; nobody is prompted again for that.
func (c *crowd) block(ctx context.Context, p *progress) (<-chan result, error) {
	results := make(chan result, c.n)
	const step = 200
	for start := 0; start < c.n; start += step {
		for i := start; i < min(start+step, c.n); i++ {
			go func() { results <- c.read(ctx, i) }()
		}
		// Not all at once: what opening requests takes for a moment is not what
		// holding them takes.
		err := await(ctx, "reads to block", func() (bool, error) {
			if len(results) > 0 {
				r := <-results
				return false, fmt.Errorf("read %d ended before it was answered: %w", r.i, r.err)
			}
			n, err := c.site.waitingReaders(ctx, c.mount)
			return n >= start+step/2 || n >= c.n-step, err
		})
		if err != nil {
			return nil, err
		}
		if done := start + step; done%2000 == 0 {
			p.say("%d of %d", done, c.n)
		}
	}
	return results, c.allBlocked(ctx)
}

// allBlocked waits until every read is blocked in the plug-in.
func (c *crowd) allBlocked(ctx context.Context) error {
	most := 0
	err := await(ctx, fmt.Sprintf("%d blocked reads", c.n), func() (bool, error) {
		n, err := c.site.waitingReaders(ctx, c.mount)
		most = max(most, n)
		return n >= c.n, err
	})
	if err != nil {
		return fmt.Errorf("at most %d at once: %w", most, err)
	}
	return nil
}

func (c *crowd) read(ctx context.Context, i int) result {
	query := ""
	if c.mount == ours {
		query = "?wait=55s"
	}
	for {
		body, err := c.site.user.get(ctx, c.mount+"/secret/"+c.path(i)+query)
		var refused *refusal
		if errors.As(err, &refused) && refused.status == http.StatusLocked {
			continue
		}
		if err == nil && c.mount == ours && !bytes.Contains(body, c.value(i)) {
			err = errors.New("another value than was written")
		}
		return result{i, time.Now(), err}
	}
}

// answers returns the calls that answer every read, in any order.
func (c *crowd) answers(ctx context.Context) ([]answer, error) {
	a := c.site.approver(0)
	answers := make([]answer, 0, c.n)
	if c.mount == null {
		body, err := c.site.exampleAnswer(ctx, a)
		for i := range c.n {
			answers = append(answers, answer{c.path(i), body})
		}
		return answers, err
	}
	for len(answers) < c.n {
		items, _, err := a.inbox(ctx)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return nil, fmt.Errorf("the inbox ends after %d of %d requests", len(answers), c.n)
		}
		for _, item := range items {
			one, err := a.approve(item)
			if err != nil {
				return nil, err
			}
			answers = append(answers, one)
		}
	}
	return answers, nil
}

// release posts all answers and waits for all results.
func (c *crowd) release(ctx context.Context, f *crowdFigures, answers []answer, results <-chan result) error {
	device := newCaller(c.site.server.Addr(), "")
	start := time.Now()
	posted := make(chan error, 1)
	go func() {
		posted <- c.each(nil, func(i int) error {
			path := ours + "/device/answer"
			if c.mount == null {
				path = null + "/answer/" + answers[i].path
			}
			return device.post(ctx, path, answers[i].body)
		})
	}()
	var ends []time.Time
	for range c.n {
		select {
		case r := <-results:
			if r.err != nil {
				f.lost++
			}
			ends = append(ends, r.at)
		case <-ctx.Done():
			return fmt.Errorf("%d of %d reads have ended: %w", len(ends), c.n, ctx.Err())
		}
	}
	if err := <-posted; err != nil {
		return err
	}
	f.overall = float64(c.n) / ends[len(ends)-1].Sub(start).Seconds()
	for from, tenth := start, 1; tenth <= 10; tenth++ {
		to := ends[len(ends)*tenth/10-1]
		f.rate = append(f.rate, float64(c.n)/10/to.Sub(from).Seconds())
		from = to
	}
	return nil
}
