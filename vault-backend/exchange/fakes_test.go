package exchange_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// store is a Store in memory that can be told to stop writing.
type store struct {
	mu      sync.Mutex
	entries map[string][]byte
	writes  int
	reads   int // of entries
	lists   int // of folders
	stopAt  int // fail from this write on, counted from 1; 0 never
	onPut   func(name string)
}

var errStopped = errors.New("the storage stopped")

func newStore() *store { return &store{entries: map[string][]byte{}} }

func (m *store) write(f func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writes++; m.stopAt > 0 && m.writes >= m.stopAt {
		return errStopped
	}
	f()
	return nil
}

func (m *store) Put(_ context.Context, name string, entry []byte) error {
	if m.onPut != nil {
		m.onPut(name)
	}
	return m.write(func() { m.entries[name] = slices.Clone(entry) })
}

func (m *store) Delete(_ context.Context, name string) error {
	return m.write(func() { delete(m.entries, name) })
}

func (m *store) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return slices.Clone(m.entries[name]), nil
}

func (m *store) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lists++
	names := map[string]bool{}
	for name := range m.entries {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if i := strings.IndexByte(rest, '/'); i >= 0 {
				rest = rest[:i+1]
			}
			names[rest] = true
		}
	}
	var all []string
	for name := range names {
		all = append(all, name)
	}
	return all, nil
}

// names returns the names of all entries under a prefix.
func (m *store) names(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for name := range m.entries {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// clock is a Clock that moves only when told to.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[int]timer
	next   int
}

type timer struct {
	at time.Time
	f  func()
}

func newClock(now time.Time) *clock { return &clock{now: now, timers: map[int]timer{}} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) AfterFunc(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	n := c.next
	c.timers[n] = timer{c.now.Add(d), f}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, n)
	}
}

// armed says whether something is to happen within d.
func (c *clock) armed(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.timers {
		if !t.at.After(c.now.Add(d)) {
			return true
		}
	}
	return false
}

// advance moves the clock and runs what is due on the way, in order.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		first := 0
		for n, t := range c.timers {
			if !t.at.After(end) && (first == 0 || t.at.Before(c.timers[first].at)) {
				first = n
			}
		}
		if first == 0 {
			break
		}
		t := c.timers[first]
		delete(c.timers, first)
		if t.at.After(c.now) {
			c.now = t.at
		}
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}
