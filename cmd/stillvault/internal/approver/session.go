package approver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Options say how a session goes about it.
type Options struct {
	All     bool        // approve everything, asking nobody
	Once    bool        // end after one request was answered or skipped
	Request envelope.ID // only this one, then end; zero for any
	Muted   bool        // ask about requests of those who are muted, too
	Live    bool        // Out is a terminal: the time left runs down on it
}

// Session is an approver at work. Input may be nil with [Options.All].
type Session struct {
	Device  Device
	Broker  Broker
	Input   *Input
	Out     io.Writer
	Clock   Clock
	Options Options

	inbox    inbox
	reshares []approval.ReshareNotice
	alarms   []approval.Alarm
	told     map[envelope.Hash]int  // of each alarm, how many decisions were told of
	later    map[envelope.Hash]bool // re-shares not to be asked about again

	open    []*waiting               // oldest first
	refused map[envelope.Hash]string // why, so that it is said once
	passed  map[envelope.Hash]bool   // not to be asked about again
	// agreeing are those of passed that this approver consented to.
	agreeing map[envelope.Hash]bool
	listed   bool // at least one listing is complete
	quiet    int  // how many muted requests were named when it was said that nothing waits; −1 if it was not
	still    bool // the time left does not run down
	// unsent says why nothing was sent for the request that was looked at last.
	unsent error
}

// waiting is an item that passed review.
type waiting struct {
	item approval.Item
	c    *approval.Case
}

// errEnded means that the request that the person looks at is no longer open.
var errEnded = errors.New("the request ended")

// Run answers what waits until ctx ends, the input ends, or [Options] say so.
// The end of ctx is an error only where it left an answer unsent.
func (s *Session) Run(ctx context.Context) error {
	s.begin()
	if s.Options.All {
		if s.Device.Factor.Asks() {
			return ErrAllAsks
		}
		s.say("NOT SECURE: everything that is asked for is approved, and nobody looks at it. For demonstrations only.")
	}
	// Calls to the broker end with the session.
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	err := s.work(running)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && !errors.Is(err, ErrUnsent) {
		return nil
	}
	return err
}

func (s *Session) begin() {
	s.inbox = inbox{results: make(chan polled, 1)}
	s.refused = map[envelope.Hash]string{}
	s.passed, s.agreeing = map[envelope.Hash]bool{}, map[envelope.Hash]bool{}
	s.told, s.later = map[envelope.Hash]int{}, map[envelope.Hash]bool{}
	s.quiet = unsaid
}

func (s *Session) work(ctx context.Context) error {
	if err := s.sendUnsent(ctx); err != nil {
		return err
	}
	s.schedule(question{}, 0)
	for {
		w := s.first()
		if w == nil {
			done, err := s.offerReshare(ctx)
			if err != nil || done && s.Options.Once {
				return err
			}
			if done {
				continue
			}
			if over, err := s.idle(); over || err != nil {
				return err
			}
			if _, err := s.await(ctx, nil, nil); err != nil {
				return err
			}
			continue
		}
		s.unsent = nil
		done, err := s.attend(ctx, w)
		if err != nil {
			return err
		}
		if done && (s.Options.Once || !s.Options.Request.IsZero()) {
			return s.nothingSent()
		}
	}
}

// ErrNothingSent means that the only request a session was for was attended to, and no
// answer of it reached the broker.
var ErrNothingSent = errors.New("nothing_sent: the request was not answered")

// nothingSent says whether the last request was answered, or left on purpose.
func (s *Session) nothingSent() error {
	if s.unsent == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNothingSent, s.unsent)
}

// first is the oldest request that the person has not been asked about.
func (s *Session) first() *waiting {
	for _, w := range s.open {
		wanted := s.Options.Request.IsZero() && !s.muted(w) || w.c.Request.ID == s.Options.Request
		if wanted && !s.passed[w.c.Hash] {
			return w
		}
	}
	return nil
}

func (s *Session) muted(w *waiting) bool {
	return !s.Options.Muted && s.Device.Memory.Muted(&w.c.Request, s.Clock.Now())
}

// unsaid means that it was not said that nothing waits.
const unsaid = -1

// idle is called when there is nothing to ask.
func (s *Session) idle() (over bool, err error) {
	if !s.listed {
		return false, nil
	}
	if !s.Options.Request.IsZero() {
		return false, fmt.Errorf("request %s: %w", s.Options.Request, ErrNoRequest)
	}
	muted := 0
	for _, w := range s.open {
		if !s.passed[w.c.Hash] && s.muted(w) {
			muted++
		}
	}
	if s.quiet == muted {
		return false, nil
	}
	if s.quiet == unsaid {
		s.say("Nothing waits for you. Waiting for requests; press Ctrl-C to stop.")
	}
	if s.quiet = muted; muted > 0 {
		s.say("Of those whom you muted, %s wait: `stillvault inbox --all` lists them, `stillvault approve --muted` asks.", muted)
	}
	return false, nil
}

// await handles whatever happens until the person typed something, the request
// that they look at ended (errEnded) or, where there is none, a listing is
// complete.
func (s *Session) await(ctx context.Context, w *waiting, typed <-chan Typed) (Typed, error) {
	for {
		var tick <-chan time.Time
		if w != nil {
			tick = s.Clock.After(time.Second)
		}
		select {
		case <-ctx.Done():
			return Typed{}, ctx.Err()
		case t := <-typed:
			s.Input.taken()
			return t, nil
		case <-s.inbox.due:
			if err := s.call(ctx); err != nil {
				return Typed{}, err
			}
		case p := <-s.inbox.results:
			if ended, err := s.take(ctx, p); err != nil || ended && w == nil {
				return Typed{}, err
			}
		case <-tick:
			s.redraw(w)
		}
		if w != nil && !s.stillOpen(w) {
			return Typed{}, errEnded
		}
	}
}

// take handles an answer of the broker.
func (s *Session) take(ctx context.Context, p polled) (complete bool, err error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	complete, err = s.receive(p)
	if err != nil || !complete {
		return false, err
	}
	s.reconcile(s.inbox.listed)
	s.sayAlarms()
	s.listed = true
	return true, s.again()
}

// say prints a line. Whatever stands in it may come from the broker, which must
// not be able to write what the terminal obeys.
func (s *Session) say(format string, args ...any) {
	for i, a := range args {
		args[i] = terminal.Visible(fmt.Sprint(a))
	}
	_, _ = fmt.Fprintf(s.Out, format+"\n", args...) // who closed the terminal reads nothing anyway
}
