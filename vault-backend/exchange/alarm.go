package exchange

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Breaking the glass is loud: before anybody is asked an alarm is stored at
// alarm/<request id>, every approver's devices are shown it, and it stays until
// somebody acknowledges it.
const alarmFolder = "alarm/"

// maxAlarms is how many alarms of one requester may be unacknowledged: breaking
// the glass must not become a way to bother everybody.
const maxAlarms = 8

// alarmEntry is an alarm as stored. State is how the request ended if that is known
// for good, empty otherwise; it is approved before the secret is handed out.
type alarmEntry struct {
	Request   envelope.Signed   `json:"request"`
	Who       string            `json:"who"`
	State     State             `json:"state"`
	Decisions []envelope.Signed `json:"decisions"` // receipts
	Names     []string          `json:"names"`     // of those who decided
}

// alarm is an alarm in memory. What never changes may be read without a lock; mu
// guards the rest.
type alarm struct {
	asked approval.Request
	entry alarmEntry
}

// raise stores the alarm about a request that is about to be opened, and says
// whether there was none before.
func (x *Exchange) raise(ctx context.Context, r *request) (raised bool, err error) {
	if !r.glass {
		return false, nil
	}
	q, err := r.read()
	if err != nil {
		return false, err
	}
	x.notices.Lock()
	defer x.notices.Unlock()
	if known, err := x.mayRaise(r); known || err != nil {
		return false, err
	}
	a := &alarm{asked: *q, entry: alarmEntry{Request: r.signed, Who: r.who, Decisions: []envelope.Signed{}, Names: []string{}}}
	if err := x.storeAlarm(ctx, q.ID, &a.entry); err != nil {
		return false, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.alarms[q.ID] = a
	x.noise()
	return true, nil
}

// mayRaise says whether the alarm about a request is there already, and why there
// may be none.
func (x *Exchange) mayRaise(r *request) (known bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if a := x.alarms[r.id]; a != nil {
		if a.entry.Request.Hash() != r.hash {
			return false, fmt.Errorf("request %s has the id of another: %w", r.id, approval.ErrRequest)
		}
		return true, nil
	}
	count := 0
	for _, a := range x.alarms {
		if a.entry.Who == r.who {
			count++
		}
	}
	if count >= maxAlarms {
		return false, tell(ErrCap, "this requester has broken the glass %d times and nobody has acknowledged it yet", count)
	}
	return false, nil
}

// silence takes back the alarm about a request that was not opened after all.
func (x *Exchange) silence(ctx context.Context, r *request) {
	err := x.changeAlarm(ctx, r.id, func(e *alarmEntry) { *e = alarmEntry{} })
	if err != nil {
		x.cfg.Logger.Warn("an alarm about a request that was not opened could not be taken back; somebody has to acknowledge it", "request", r.id.String(), "error", err)
	}
}

// changeAlarm edits an alarm and stores it, or removes it if the edit emptied it. An
// unknown one is no error.
func (x *Exchange) changeAlarm(ctx context.Context, id envelope.ID, edit func(*alarmEntry)) error {
	x.notices.Lock()
	defer x.notices.Unlock()
	x.mu.Lock()
	a := x.alarms[id]
	if a == nil {
		x.mu.Unlock()
		return nil
	}
	entry := a.entry
	entry.Decisions, entry.Names = slices.Clone(entry.Decisions), slices.Clone(entry.Names)
	x.mu.Unlock()
	edit(&entry)
	over := entry.Request.Payload == nil
	var err error
	if over {
		err = x.cfg.Store.Delete(ctx, alarmFolder+id.String())
	} else {
		err = x.storeAlarm(ctx, id, &entry)
	}
	if err != nil {
		return fmt.Errorf("store the alarm about request %s: %w", id, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if a.entry = entry; over {
		delete(x.alarms, id)
	}
	x.noise()
	return nil
}

func (x *Exchange) storeAlarm(ctx context.Context, id envelope.ID, e *alarmEntry) error {
	entry, err := envelope.Encode(e)
	if err != nil {
		return err
	}
	if err := x.cfg.Store.Put(ctx, alarmFolder+id.String(), entry); err != nil {
		return fmt.Errorf("store the alarm about request %s: %w", id, err)
	}
	return nil
}

// sound adds a decision to the alarm about a request, before it has an effect.
// opens is true where it is the one that opens the secret.
func (x *Exchange) sound(ctx context.Context, r *request, g *ruling, opens bool) error {
	if !r.glass {
		return nil
	}
	return x.changeAlarm(ctx, r.id, func(e *alarmEntry) {
		if !slices.ContainsFunc(e.Decisions, func(s envelope.Signed) bool { return s.Hash() == g.hash }) {
			e.Decisions, e.Names = append(e.Decisions, g.release.Receipt), append(e.Names, g.name)
		}
		switch {
		case opens:
			e.State = Approved
		case g.vetted.Receipt.Decision == approval.Deny:
			e.State = Denied
		}
	})
}

// hush corrects the alarm about a request that ended otherwise than it seemed.
func (x *Exchange) hush(ctx context.Context, r *request) {
	state := x.stateOf(r)
	if !r.glass || state == Waiting {
		return
	}
	if err := x.changeAlarm(ctx, r.id, func(e *alarmEntry) { e.State = state }); err != nil {
		x.cfg.Logger.Warn("how a request ended could not be noted with its alarm", "request", r.id.String(), "error", err)
	}
}

// byAge returns the alarms, oldest first. mu is held.
func (x *Exchange) byAge() []*alarm {
	all := slices.Collect(maps.Values(x.alarms))
	slices.SortFunc(all, func(a, b *alarm) int {
		return cmp.Or(cmp.Compare(a.asked.Created, b.asked.Created), slices.Compare(a.asked.ID[:], b.asked.ID[:]))
	})
	return all
}
