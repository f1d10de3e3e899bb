package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Alarm tells of a request that broke the glass, until somebody acknowledges it.
// State is where the request is; one of the mount's that ended with its process, or
// that was not answered in time, is [Expired]. Decisions are those by the people
// whom the policy names for this.
type Alarm struct {
	Request   envelope.ID
	Path      string
	Version   uint64
	Origin    approval.Origin
	Reason    string
	State     State
	Created   time.Time
	Decisions []Decision
}

// Alarms returns the alarms that nobody has acknowledged, oldest first.
func (x *Exchange) Alarms() []Alarm {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := []Alarm{}
	for _, a := range x.byAge() {
		all = append(all, x.told(a))
	}
	return all
}

// Alarm returns one of [Exchange.Alarms]; [ErrUnknownAlarm] if there is none, or
// none any more.
func (x *Exchange) Alarm(id envelope.ID) (*Alarm, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := x.alarms[id]
	if a == nil {
		return nil, tell(ErrUnknownAlarm, "alarm %s", id)
	}
	shown := x.told(a)
	return &shown, nil
}

// told describes an alarm. mu is held.
func (x *Exchange) told(a *alarm) Alarm {
	q := &a.asked
	shown := Alarm{
		Request: q.ID, Path: q.Path, Version: q.Version, Origin: q.Origin, Reason: q.Reason,
		State: a.entry.State, Created: q.Created.Time(), Decisions: []Decision{},
	}
	if r := x.byID[q.ID]; r != nil {
		shown.State = r.state
	} else if shown.State == "" {
		shown.State = Expired
	}
	for i, s := range a.entry.Decisions {
		// It was verified when it came in.
		if rec, err := envelope.Peek[approval.Receipt](s, envelope.TypeReceipt); err == nil {
			shown.Decisions = append(shown.Decisions, Decision{
				Approver: rec.Approver, Name: a.entry.Names[i], Device: rec.Device, Decision: rec.Decision, Reason: rec.Reason, Time: rec.Time.Time(),
			})
		}
	}
	return shown
}

// Acknowledge says that somebody knows of an alarm: nobody is shown it any more.
// Acknowledging it again, or one that there is not, is no error. One that is about a
// request which waits is [ErrAlarmOpen], one's own [ErrAlarmOwn].
func (x *Exchange) Acknowledge(ctx context.Context, id envelope.ID, who Requester) error {
	x.mu.Lock()
	r, a := x.byID[id], x.alarms[id]
	waits := r != nil && r.state == Waiting
	own := a != nil && a.raisedBy(who)
	x.mu.Unlock()
	switch {
	case own:
		return tell(ErrAlarmOwn, "the alarm about request %s is about what this token's owner asked", id)
	case waits:
		return tell(ErrAlarmOpen, "request %s", id)
	}
	err := x.changeAlarm(ctx, id, func(e *alarmEntry) { *e = alarmEntry{} })
	if err == nil {
		x.cfg.Logger.Info("an alarm was acknowledged", "request", id.String(), "by", who.Name)
	}
	return err
}

// raisedBy says whether somebody is who broke the glass.
func (a *alarm) raisedBy(who Requester) bool {
	name, err := who.identity()
	return err == nil && name == a.entry.Who || who.Entity != "" && who.Entity == a.asked.Origin.Entity
}

// restoreAlarms reads back what an earlier process stored.
func (x *Exchange) restoreAlarms(ctx context.Context) error {
	names, err := x.cfg.Store.List(ctx, alarmFolder)
	if err != nil {
		return fmt.Errorf("restore alarms: %w", err)
	}
	for _, name := range names {
		raw, err := x.cfg.Store.Get(ctx, alarmFolder+name)
		if err != nil {
			return fmt.Errorf("restore alarms: %w", err)
		}
		if raw == nil {
			continue
		}
		entry, err := envelope.Decode[alarmEntry](raw)
		var q approval.Request
		if err == nil {
			q, err = envelope.Peek[approval.Request](entry.Request, envelope.TypeRequest)
		}
		if err == nil && (q.ID.String() != name || len(entry.Names) != len(entry.Decisions)) {
			err = errors.New("out of place")
		}
		if err != nil {
			x.cfg.Logger.Error("a stored alarm cannot be read", "entry", name, "error", err)
			continue
		}
		x.mu.Lock()
		a := &alarm{asked: q, entry: entry}
		if x.alarms[q.ID] = a; entry.State == Approved {
			x.untold = append(x.untold, a)
		}
		x.noise()
		x.mu.Unlock()
	}
	return nil
}

// tellAgain tells the owner that glass was broken, in case an earlier process ended
// between the approval and [Config.Opened]. It is not for [Exchange.Restore], during
// which the owner may not be ready.
func (x *Exchange) tellAgain(ctx context.Context) {
	x.mu.Lock()
	all := x.untold
	x.untold = nil
	x.mu.Unlock()
	for _, a := range all {
		x.tell(ctx, a.asked.Path, &Opening{Version: a.asked.Version, BreakGlass: true})
	}
}

// noise wakes every device that waits: what all of them are told has changed. mu is
// held.
func (x *Exchange) noise() {
	x.loud++
	for _, q := range x.queues {
		q.ring()
	}
}

// tellAlarms lists on the last page what was asked by breaking the glass, the newest
// if it is too much.
func (x *Exchange) tellAlarms(v *visit, page *approval.Inbox) error {
	x.mu.Lock()
	all := x.byAge()
	alarms := make([]approval.Alarm, len(all))
	for i, a := range all {
		alarms[i] = approval.Alarm{Request: a.entry.Request, Decisions: a.entry.Decisions}
	}
	d := x.calls.of(v.call.Device)
	d.loud, d.noted = max(d.loud, v.loud), v.noted
	x.mu.Unlock()
	alarms, err := newest(alarms)
	page.Alarms = append(page.Alarms, alarms...)
	return err
}

// newest returns the last of what is to be told, as much as one page has room for.
func newest[T any](all []T) ([]T, error) {
	size := 0
	for i := len(all) - 1; i >= 0; i-- {
		encoded, err := envelope.Encode(all[i])
		if err != nil {
			return nil, err
		}
		if size += len(encoded); size > maxEndedPage {
			return all[i+1:], nil
		}
	}
	return all, nil
}
