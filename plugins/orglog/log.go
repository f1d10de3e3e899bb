package orglog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Log is the organisation's log for a program that reads and changes it. Its
// methods may be called from several goroutines.
type Log struct {
	broker Broker
	memory Memory
	signer envelope.Signer
	now    func() time.Time
	// Again is told, where it is not nil, that a change is signed anew because
	// another signer was faster. It is set before first use.
	Again func()

	mu     sync.Mutex // guards what follows, and the broker's log against our own haste
	copy   *Copy      // nil while nothing was fetched, or after a failure
	behind bool       // the broker has refused what followed the copy

	queueing sync.Mutex
	queue    []*pending
}

// New makes a Log that has fetched nothing yet. signer, nil where nothing is to
// be changed, stays the caller's to close.
func New(b Broker, m Memory, signer envelope.Signer) *Log {
	return &Log{broker: b, memory: m, signer: signer, now: time.Now}
}

// Sync fetches and verifies what the broker has since.
func (l *Log) Sync(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sync(ctx)
}

func (l *Log) sync(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		c, err := l.copy, error(nil)
		l.copy = nil // not to be believed until it was fetched whole
		if c == nil {
			if c, err = Recall(l.memory); err != nil {
				return err
			}
		}
		if err = c.fetch(ctx, l.memory, l.broker); err == nil {
			l.copy, l.behind = c, false
			return nil
		}
		if !errors.Is(err, errOvertaken) || attempt == fetchAttempts {
			return err
		}
		pause(attempt)
		// Only the memory was faster: what was fetched is verified, and what is
		// missing need not be folded anew.
		if attempt == 1 {
			l.copy = c
		}
	}
}

// View shows the roster as it was last fetched, which it does first where that
// never happened. look must not keep it or change it.
func (l *Log) View(ctx context.Context, look func(*roster.Roster) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.copy == nil {
		if err := l.sync(ctx); err != nil {
			return err
		}
	}
	return look(l.copy.Roster)
}

// Fresh fetches what the broker has since and returns a roster of the caller's
// own.
func (l *Log) Fresh(ctx context.Context) (*roster.Roster, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.sync(ctx); err != nil {
		return nil, err
	}
	return l.copy.Roster.Clone(), nil
}

// ErrFounded means that the broker has an organisation's log already.
var ErrFounded = errors.New("organisation_founded: the broker has an organisation's log already; import it, or use another mount")

// Begin gives a broker that has no log the first statement of one, which its
// mount must have been pinned to, and remembers it.
func (l *Log) Begin(ctx context.Context, first envelope.Signed) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, err := roster.Fold(first.Hash(), []envelope.Signed{first})
	if err != nil {
		return err
	}
	if err := l.broker.AppendLog(ctx, []envelope.Signed{first}); err != nil {
		return fmt.Errorf("found the organisation: %w", err)
	}
	c := &Copy{r, []envelope.Signed{first}}
	if err := c.remember(l.memory); err != nil {
		return err
	}
	l.copy = c
	return nil
}
