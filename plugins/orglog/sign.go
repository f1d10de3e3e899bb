package orglog

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

var (
	// ErrNoSigner means that a change is to be signed and nothing signs here.
	ErrNoSigner = errors.New("signer_missing: changing the organisation needs its signer; name it by its address, such as file:org.key")
	// ErrOtherSigner means that the signer is not this organisation's.
	ErrOtherSigner = errors.New("signer_mismatch: the signer's key is not the organisation's; name the signer that holds the Org Identity key in force")
)

// Entry is a statement to be signed: its kind and the body of that kind.
type Entry struct {
	Kind roster.Kind
	Body any
}

// Change is something to be done to the organisation, by any number of
// statements: all are appended, or none.
type Change struct {
	// Build says what to sign on top of a roster, nothing where that is so
	// already. It may run several times, as others sign meanwhile, and must not
	// keep or change the roster.
	Build func(*roster.Roster) ([]Entry, error)
	// Guard, where there is one, may refuse what Build said. It is asked while
	// nothing else of this program is on its way, so that what the broker knows
	// is what Build saw, unless somebody else signs: then both run again.
	Guard func(ctx context.Context, r *roster.Roster, entries []Entry) error
}

// pending is a change that waits for its turn.
type pending struct {
	Change
	ctx  context.Context
	head roster.Head // after it
	err  error
	done chan struct{}
}

const (
	// signAttempts is how often a change is signed anew because another signer
	// was faster.
	signAttempts = 10
	// maxBatch is how many statements go to the broker in one call.
	maxBatch = 50
)

// Sign makes a change and returns the head of the log after it. Changes that
// several goroutines make at a time are appended together; one that fails does
// not keep the others.
func (l *Log) Sign(ctx context.Context, change Change) (roster.Head, error) {
	p := &pending{Change: change, ctx: ctx, done: make(chan struct{})}
	l.queueing.Lock()
	l.queue = append(l.queue, p)
	l.queueing.Unlock()

	l.mu.Lock()
	defer l.mu.Unlock()
	for !p.ended() {
		l.commit(l.take())
	}
	return p.head, p.err
}

func (p *pending) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end tells whoever waits for a change; what was ended stays as it is.
func (p *pending) end(head roster.Head, err error) {
	if !p.ended() {
		p.head, p.err = head, err
		close(p.done)
	}
}

// take removes from the queue what may go to the broker together: all up to the
// next one that wants to be asked about alone.
func (l *Log) take() []*pending {
	l.queueing.Lock()
	defer l.queueing.Unlock()
	n := min(1, len(l.queue))
	for n < len(l.queue) && n < maxBatch && l.queue[n].Guard == nil {
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	return batch
}

// errAnew means that a batch is to be signed anew, without whoever failed in it.
var errAnew = errors.New("sign again")

// commit makes a batch of changes, and ends each. It goes on when the caller who
// happens to do it for all is interrupted: half of a batch must not be in doubt.
func (l *Log) commit(batch []*pending) {
	ctx := context.WithoutCancel(batch[0].ctx)
	for attempt := 1; ; {
		err := l.try(ctx, batch)
		conflict := broker.StatusOf(err) == http.StatusConflict
		switch {
		case err == nil:
			return
		case conflict && attempt < signAttempts:
			attempt++
			if l.Again != nil {
				l.Again()
			}
		case !errors.Is(err, errAnew):
			for _, p := range batch {
				p.end(roster.Head{}, err)
			}
			return
		}
	}
}

// try signs on top of the log as it is known, appends it, and ends those that
// succeeded or failed by themselves.
func (l *Log) try(ctx context.Context, batch []*pending) error {
	if l.signer == nil {
		return ErrNoSigner
	}
	if l.copy == nil {
		if err := l.sync(ctx); err != nil {
			return err
		}
	}
	before := len(l.copy.Statements)
	heads := make([]roster.Head, len(batch))
	for i, p := range batch {
		if p.ended() {
			continue
		}
		if err := l.sign(p); err != nil {
			p.end(roster.Head{}, err)
			if l.copy == nil {
				return errAnew
			}
		}
		heads[i] = l.copy.Roster.Head()
	}
	if err := l.append(ctx, before); err != nil {
		return err
	}
	for i, p := range batch {
		p.end(heads[i], nil)
	}
	return nil
}

// sign signs what a change says, on top of the copy.
func (l *Log) sign(p *pending) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	r := l.copy.Roster
	if r.Identity() != l.signer.Public() {
		return ErrOtherSigner
	}
	entries, err := p.Build(r)
	if err == nil && p.Guard != nil && len(entries) > 0 {
		err = p.Guard(p.ctx, r, entries)
	}
	if err != nil {
		return err
	}
	for i, e := range entries {
		s, err := r.Next(e.Kind, e.Body, l.now(), l.signer)
		if err == nil {
			err = r.Append(s)
		}
		if err != nil {
			if i > 0 {
				l.copy = nil
			}
			return fmt.Errorf("sign %s: %w", e.Kind, err)
		}
		l.copy.Statements = append(l.copy.Statements, s)
	}
	return nil
}

// append gives the broker the statements from before on, and remembers them once
// it has them. After an error the copy is forgotten: what it holds was refused.
func (l *Log) append(ctx context.Context, before int) error {
	c := l.copy
	if len(c.Statements) == before {
		return nil
	}
	if err := l.broker.AppendLog(ctx, c.Statements[before:]); err != nil {
		l.copy = nil
		if broker.StatusOf(err) != 0 && broker.StatusOf(err) < http.StatusInternalServerError {
			return err
		}
		// No answer is no refusal: the broker may have appended them.
		if l.sync(ctx) != nil || l.copy.Roster.Follows(c.Roster.Head()) != nil {
			return err
		}
		return nil
	}
	err := c.remember(l.memory)
	if errors.Is(err, errOvertaken) {
		// Another program here has seen the change already, and more.
		l.copy = nil
		return l.sync(ctx)
	}
	if err != nil {
		l.copy = nil
	}
	return err
}

// Signed is the log's statements as they were last fetched. The caller must not
// change them.
func (l *Log) Signed() []envelope.Signed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.copy == nil {
		return nil
	}
	return l.copy.Statements[:len(l.copy.Statements):len(l.copy.Statements)]
}
