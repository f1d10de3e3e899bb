package orglog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/signer"
)

var (
	// ErrNoSigner means that a change is to be signed and nothing signs here.
	ErrNoSigner = errors.New("signer_missing: changing the organisation needs its signer; name it by its address, such as file:org.key")
	// ErrOtherSigner means that the signer is not this organisation's.
	ErrOtherSigner = errors.New("signer_mismatch: the signer's key is not the organisation's; name the signer that holds the Org Identity key in force, which is another one after `stillvault org rotate`")
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
	// Together says that Guard is the same as that of every other change that says
	// so, and may be asked about the statements of several at once: what they do
	// together, none without the others. Where it refuses them, it is asked about
	// each change alone.
	Together bool
}

// joins says whether a change may be in the batch that another one begins: what is
// asked about must come right after what the broker has.
func (c *Change) joins(first *Change) bool {
	return c.Together == first.Together && (c.Guard == nil || c.Together)
}

// pending is a change that waits for its turn.
type pending struct {
	Change
	ctx     context.Context
	entries []Entry     // what Build said, where Guard was asked about it with others
	head    roster.Head // after it
	err     error
	done    chan struct{}
}

const (
	// signAttempts is how often a change is signed on top of one and the same log:
	// a broker that calls that a conflict shows nobody who was faster.
	signAttempts = 20
	// maxBatch is how many changes go to the broker in one call.
	maxBatch = 50
	// maxPause is the longest that is waited before something is tried again, by
	// chance, so that of two programs that hinder each other one comes through.
	maxPause = 100 * time.Millisecond
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
// next one that is guarded in another way.
func (l *Log) take() []*pending {
	l.queueing.Lock()
	defer l.queueing.Unlock()
	n := min(1, len(l.queue))
	for n < len(l.queue) && n < maxBatch && l.queue[n].joins(&l.queue[0].Change) {
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	return batch
}

var (
	// errAnew means that a batch is to be signed anew, without whoever failed in it.
	errAnew = errors.New("sign again")
	// errApart means that the guard refuses what a batch does together.
	errApart = errors.New("sign each alone")
)

// commit makes a batch of changes, and ends each. It goes on when the caller who
// happens to do it for all is interrupted: half of a batch must not be in doubt.
//
// Where other signers are faster, it signs anew until they have done, or nobody
// waits for it any more: a program that changes hundreds of things at a time must
// not have one that changes few give up. That each time the log went on is verified.
func (l *Log) commit(batch []*pending) {
	ctx := context.WithoutCancel(batch[0].ctx)
	var contended roster.Head // the log at the last conflict
	attempts := 0             // on top of it
	for {
		err := l.try(ctx, batch)
		conflict := broker.StatusOf(err) == http.StatusConflict
		if conflict && l.head() != contended {
			contended, attempts = l.head(), 0
		}
		attempts++
		switch {
		case err == nil:
			return
		case errors.Is(err, errApart):
			for i := range batch {
				l.commit(batch[i : i+1])
			}
			return
		case conflict && attempts < signAttempts:
			if l.Again != nil {
				l.Again()
			}
			pause(attempts)
		case !errors.Is(err, errAnew):
			for _, p := range batch {
				p.end(roster.Head{}, err)
			}
			return
		}
	}
}

// head is that of the log as it is known, zero where it is not.
func (l *Log) head() roster.Head {
	if l.copy == nil {
		return roster.Head{}
	}
	return l.copy.Roster.Head()
}

// try signs on top of the log as it is known, appends it, and ends those that
// succeeded or failed by themselves.
func (l *Log) try(ctx context.Context, batch []*pending) error {
	if l.signer == nil {
		return ErrNoSigner
	}
	if l.copy == nil || l.behind {
		if err := l.sync(ctx); err != nil {
			return err
		}
	}
	if held, given := l.copy.Roster.Identity(), l.signer.Public(); held != given {
		return fmt.Errorf("the signer holds %s, and in force is %s: %w", given, held, ErrOtherSigner)
	}
	if len(batch) > 1 && batch[0].Together {
		if err := l.ask(ctx, batch); err != nil {
			return err
		}
	}
	// What the broker may refuse is signed on a copy, so that what is known of its
	// log stays.
	next := l.copy.clone()
	heads := make([]roster.Head, len(batch))
	for i, p := range batch {
		if p.ended() {
			continue
		}
		before := len(next.Statements)
		if err := l.sign(next, p, len(batch) == 1); err != nil {
			if gone(err) {
				return err
			}
			p.end(roster.Head{}, err)
			// What the guard has allowed together it has not allowed without this.
			if len(next.Statements) > before || len(batch) > 1 && p.Together {
				return errAnew
			}
		}
		heads[i] = next.Roster.Head()
	}
	if err := l.append(ctx, next); err != nil {
		return err
	}
	for i, p := range batch {
		p.end(heads[i], nil)
	}
	return nil
}

// ask builds the changes of a batch, each on top of those before it, and asks their
// guard about all of them.
func (l *Log) ask(ctx context.Context, batch []*pending) error {
	draft := l.copy.Roster.Draft()
	var all []Entry
	for _, p := range batch {
		if p.ended() {
			continue
		}
		p.entries = nil
		err := p.ctx.Err()
		var entries []Entry
		if err == nil {
			entries, err = p.Build(draft.Roster())
		}
		if err != nil {
			p.end(roster.Head{}, err)
			continue
		}
		for i, e := range entries {
			if err := draft.Add(e.Kind, e.Body, l.now()); err != nil {
				p.end(roster.Head{}, fmt.Errorf("sign %s: %w", e.Kind, err))
				if i > 0 {
					return errAnew
				}
				entries = nil
				break
			}
		}
		p.entries = entries
		all = append(all, entries...)
	}
	if len(all) > 0 && batch[0].Guard(ctx, l.copy.Roster, all) != nil {
		return errApart
	}
	return nil
}

// gone says whether the signer does not answer: then it signs nothing else of a
// batch either, and nobody waits for that, or touches a key again for what was
// signed already.
func gone(err error) bool {
	return errors.Is(err, signer.ErrUnavailable) || errors.Is(err, signer.ErrTimeout)
}

// sign signs what a change says, on top of next. A change that is alone is built
// and guarded first.
func (l *Log) sign(next *Copy, p *pending, alone bool) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	entries := p.entries
	if alone || !p.Together {
		var err error
		entries, err = p.Build(next.Roster)
		if err == nil && p.Guard != nil && len(entries) > 0 {
			err = p.Guard(p.ctx, next.Roster, entries)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range entries {
		s, err := next.Roster.Next(e.Kind, e.Body, l.now(), l.signer)
		if err != nil {
			return err // which says what was to be signed
		}
		if err := next.Roster.Append(s); err != nil {
			return fmt.Errorf("sign %s: %w", e.Kind, err)
		}
		next.Statements = append(next.Statements, s)
	}
	return nil
}

// append gives the broker the statements that next has and the copy does not, and
// remembers them once it has them. What it refuses is forgotten.
func (l *Log) append(ctx context.Context, next *Copy) error {
	fresh := next.Statements[len(l.copy.Statements):]
	if len(fresh) == 0 {
		return nil
	}
	if err := l.broker.AppendLog(ctx, fresh); err != nil {
		l.behind = true
		status := broker.StatusOf(err)
		if status != 0 && status < http.StatusInternalServerError && status != http.StatusConflict {
			return err
		}
		// No answer is no refusal: the broker may have appended them. Neither is a
		// conflict, where the client has asked twice by itself and somebody else came
		// in between.
		if l.sync(ctx) != nil || l.copy.Roster.Follows(next.Roster.Head()) != nil {
			return err
		}
		return nil
	}
	l.copy = next
	err := next.remember(l.memory)
	if errors.Is(err, errOvertaken) {
		// Another program here has seen the change already, and more.
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
