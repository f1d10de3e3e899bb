package approver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

const (
	// attentive is how long a call waits for news while something is open: what
	// ended elsewhere is noticed after it.
	attentive = 2 * time.Second
	// leastPause keeps a broker that always answers at once from being asked
	// all day.
	leastPause = 500 * time.Millisecond
	// longestPause is between calls to a broker that does not answer.
	longestPause = 10 * time.Second
)

// inbox lists what waits for the device, page by page, over and over.
//
// While there is nothing, the first page waits for something. While there is
// something, a call that waits for what comes after it stands between two
// listings; only a listing from the beginning shows what has gone.
type inbox struct {
	results chan polled      // of the call under way
	due     <-chan time.Time // when the next one is made; nil while one is under way
	next    question
	listed  []approval.Item // of the pages so far
	pause   time.Duration   // after the last failure
}

// question is what a call asks.
type question struct {
	after envelope.ID   // page after this request; zero begins
	wait  time.Duration // for something to come
	news  bool          // it only waits; its items will be listed
}

// polled is a call with its answer.
type polled struct {
	call   envelope.Signed
	sealed envelope.Envelope
	err    error
}

func (s *Session) schedule(q question, pause time.Duration) {
	s.inbox.next, s.inbox.due = q, s.Clock.After(pause)
}

// call makes the call that is due. Only the network is spoken to beside the
// session's own goroutine.
func (s *Session) call(ctx context.Context) error {
	s.inbox.due = nil
	signer := s.Device.Keys.Signer()
	defer signer.Wipe()
	q := s.inbox.next
	call, err := approval.CallInbox(s.Device.Roster, s.Device.Keys.ID(), signer, q.after, q.wait, s.Clock.Now())
	if err != nil {
		return fmt.Errorf("ask what waits: %w", err)
	}
	go func() {
		sealed, err := s.Broker.ReadInbox(ctx, call)
		s.inbox.results <- polled{call, sealed, err}
	}()
	return nil
}

// receive takes the answer to a call. When it ends a listing, it says so.
func (s *Session) receive(p polled) (complete bool, err error) {
	if p.err != nil {
		return false, s.failed(p.err)
	}
	if s.inbox.pause > 0 {
		s.say("The broker answers again.")
		s.inbox.pause = 0
	}
	in, err := approval.OpenInbox(s.Device.Roster, s.Device.Keys, s.Device.Mount, p.call, p.sealed)
	if err != nil {
		return false, err
	}
	if err := s.extend(in.Log); err != nil {
		return false, err
	}
	asked := s.inbox.next
	if asked.news {
		s.schedule(question{}, leastPause)
		return false, nil
	}
	s.inbox.listed = append(s.inbox.listed, in.Items...)
	s.reshares, s.alarms = in.Reshares, in.Alarms // of the last page
	if in.More {
		if len(in.Items) > 0 {
			if asked.after, err = itemID(in.Items[len(in.Items)-1]); err != nil {
				return false, err
			}
		}
		asked.wait = 0
		s.schedule(asked, 0)
		return false, nil
	}
	return true, nil
}

// extend appends statements to the roster and to the device's own log. A broker
// that leaves some out makes those after them not fit.
func (s *Session) extend(statements []envelope.Signed) error {
	for _, st := range statements {
		if err := s.Device.Roster.Append(st); err != nil {
			return fmt.Errorf("the organisation's log as the broker shows it: %w", err)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return s.Device.Memory.Extend(s.Device.Roster, statements)
}

// again begins the next listing.
func (s *Session) again() error {
	listed := s.inbox.listed
	s.inbox.listed = nil
	if len(listed) == 0 {
		s.schedule(question{wait: approval.MaxInboxWait}, 0)
		return nil
	}
	last, err := itemID(listed[len(listed)-1])
	if err != nil {
		return err
	}
	s.schedule(question{after: last, wait: attentive, news: true}, leastPause)
	return nil
}

// failed plans the next call after one that failed, or returns the error where
// another call could not end better.
func (s *Session) failed(err error) error {
	// A call that was on its way while this machine slept is stale: the next one
	// is dated anew. A clock that is wrong stays wrong.
	stale := errors.Is(err, approval.ErrInbox) && s.inbox.pause < longestPause/2
	if errors.Is(err, roster.ErrBehind) {
		return fmt.Errorf("the broker's log ends before statement %d, seen here: %w", s.Device.Roster.Head().Seq, roster.ErrRolledBack)
	}
	if !transient(err) && !stale {
		return fmt.Errorf("ask what waits: %w", err)
	}
	if s.inbox.pause == 0 {
		s.say("The broker does not answer (%s). Trying again.", err)
	}
	s.inbox.pause = min(max(2*s.inbox.pause, time.Second), longestPause)
	s.inbox.listed = nil
	s.schedule(question{}, s.inbox.pause)
	return nil
}

// transient says whether a call failed for a reason that passes by itself: the
// network, a restart, a drain.
func transient(err error) bool {
	var e *broker.Error
	if !errors.As(err, &e) {
		return !errors.Is(err, context.Canceled)
	}
	return e.Status >= http.StatusInternalServerError || broker.Waiting(err) || e.Status == http.StatusUnprocessableEntity
}

func itemID(item approval.Item) (envelope.ID, error) {
	q, err := envelope.Peek[approval.Request](item.Request, envelope.TypeRequest)
	if err != nil {
		return envelope.ID{}, fmt.Errorf("read what waits: %w", err)
	}
	return q.ID, nil
}
