package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
)

// Ask is what to read, and how to ask for it.
type Ask struct {
	Path    string
	Version uint64 // 0 for the latest
	AtLeast uint64 // an older one is [ErrOlder], and nobody is asked
	Terms   approval.Terms
	// Asked is told of the request once it is made, before it is posted.
	Asked func(Request)
	// Progress is told whenever the wait goes on.
	Progress broker.Progress
}

// Request is a request that waits.
type Request struct {
	ID        envelope.ID
	Version   uint64
	MatchCode string
	Deadline  time.Time
}

// Received is a secret that was released. Its owner wipes Value.
type Received struct {
	Request envelope.ID
	Version uint64
	Value   *secret.Value
	Lease   time.Duration // what is left of it
}

// Get asks for a secret and waits until its people have answered. It verifies
// what it asks for, and under a roster fetched anew every answer. A request that
// ctx ended is cancelled ([ErrStopped]): its key is gone, so nobody need be
// bothered.
func (h *Host) Get(ctx context.Context, ask Ask) (*Received, error) {
	r, err := h.Roster(ctx)
	if err != nil {
		return nil, err
	}
	me, err := h.consumer(r)
	if err != nil {
		return nil, err
	}
	f, err := h.find(ctx, r, ask.Path, ask.Version)
	if err != nil {
		return nil, err
	}
	if n := f.verified.Header.Version; n < ask.AtLeast {
		return nil, fmt.Errorf("%q is at version %d, at least %d is wanted: %w", ask.Path, n, ask.AtLeast, ErrOlder)
	}
	pending, signed, err := approval.Ask(r, f.verified, me.ID, h.Signer, ask.Terms, h.Now())
	if err != nil {
		return nil, err
	}
	defer pending.Wipe()
	asked, err := envelope.Peek[approval.Request](signed, envelope.TypeRequest)
	if err != nil {
		return nil, err
	}
	if ask.Asked != nil {
		ask.Asked(Request{asked.ID, asked.Version, approval.MatchCode(pending.Hash()), asked.Deadline.Time()})
	}
	answers, err := h.Broker.AwaitRelease(ctx, ask.Path, signed, ask.Progress)
	if err != nil {
		return nil, h.abandon(ctx, asked.ID, err)
	}
	return h.collect(ctx, f, pending, &asked, answers)
}

// cancelFor is how long a request that nobody waits for any more may take to
// cancel.
const cancelFor = 5 * time.Second

// abandon says how a wait ended. Where that was not the broker's answer, the
// request may still be open: it is cancelled.
func (h *Host) abandon(ctx context.Context, id envelope.ID, cause error) error {
	if ctx.Err() == nil && broker.StatusOf(cause) != 0 {
		return cause
	}
	parting, done := context.WithTimeout(context.WithoutCancel(ctx), cancelFor)
	defer done()
	if err := h.Broker.CancelRequest(parting, id); err != nil {
		return errors.Join(fmt.Errorf("request %s stays open until its deadline: %w", id, err), cause)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("request %s: %w", id, ErrStopped)
	}
	return fmt.Errorf("request %s is cancelled: %w", id, cause)
}

// collect opens the secret with the answers. One that is not what it should be
// does not keep the others from opening it, but is named if they do not.
func (h *Host) collect(ctx context.Context, f *found, pending *approval.Pending, asked *approval.Request, answers *broker.Releases) (*Received, error) {
	r, err := h.Roster(ctx)
	if err != nil {
		return nil, err
	}
	v, err := h.verify(r, f.version, asked.Path)
	if err != nil {
		return nil, err
	}
	defer pending.Hold()()
	var problems []error
	var from []envelope.ID // whose shares count
	for _, release := range answers.Releases {
		out, err := pending.Accept(r, asked, v, release, h.Now())
		who := nameOf(r, out.Receipt.Approver)
		switch {
		case errors.Is(err, approval.ErrDenied):
			return nil, fmt.Errorf("request %s, by %s: %w", asked.ID, who, err)
		case err != nil:
			problems = append(problems, h.accuse(ctx, r, asked, pending.Hash(), v, fmt.Errorf("%s: %w", who, err)))
			continue
		case out.Receipt.Decision == approval.Approve:
			from = append(from, out.Receipt.Approver)
		}
		if out.Value != nil {
			if v.Epoch > 0 {
				if quorum, err := pending.Quorum(v); err == nil {
					from = quorum // of more shares than needed not all were used
				}
				h.tell(ctx, r, asked, pending.Hash(), v, from, nil)
				if err := h.opened(asked.Path, v); err != nil {
					out.Value.Wipe()
					return nil, fmt.Errorf("remember the shares of %q: %w", asked.Path, err)
				}
			}
			left := out.Receipt.Time.Add(time.Duration(out.Receipt.Lease) * time.Second).Time().Sub(h.Now())
			return &Received{asked.ID, asked.Version, out.Value, max(left, 0).Truncate(time.Second)}, nil
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("request %s: %w", asked.ID, errors.Join(problems...))
	}
	return nil, fmt.Errorf("request %s: %w", asked.ID, ErrIncomplete)
}

func nameOf(r *roster.Roster, approver envelope.ID) string {
	if a, err := r.FormerApprover(approver); err == nil {
		return a.Name
	}
	return approver.String()
}

// accuse names a dealer who lied, and tells the broker, which keeps the shares from
// before for that case.
func (h *Host) accuse(ctx context.Context, r *roster.Roster, asked *approval.Request, request envelope.Hash, v *secret.Verified, err error) error {
	var liar *secret.DealerError
	if !errors.As(err, &liar) {
		return err
	}
	h.tell(ctx, r, asked, request, v, nil, liar)
	return fmt.Errorf("%s dealt something else than their share when the secret was re-shared: %w", nameOf(r, liar.Approver), err)
}

// tellFor is how long the broker may take to hear what became of shares. It has just
// answered, so only one that is overloaded, or this machine, takes long.
const tellFor = 20 * time.Second

// tell says what became of shares that were re-shared. The broker deletes those from
// before when all new ones have proven themselves; that it did not hear of it costs
// nothing but time, so an error here is none of the reader's.
func (h *Host) tell(ctx context.Context, r *roster.Roster, asked *approval.Request, request envelope.Hash, v *secret.Verified, from []envelope.ID, liar *secret.DealerError) {
	signed, err := approval.ReportOpened(r, asked, request, v, from, liar, h.Signer, h.Now())
	if err != nil {
		return
	}
	parting, done := context.WithTimeout(context.WithoutCancel(ctx), tellFor)
	defer done()
	_ = h.Broker.ReportOpened(parting, asked.Path, signed)
}
