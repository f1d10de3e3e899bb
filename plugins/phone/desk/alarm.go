package desk

import (
	"cmp"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// maxAlarms is how many alarms are kept: whoever breaks the glass more often than
// this has been noticed.
const maxAlarms = 64

// dismissed is an alarm that the person has seen, as it was then.
type dismissed struct {
	Mark envelope.Hash `json:"mark"`
}

// Alarm is that somebody asked to break the glass, signed by the consumer that they
// asked at, and what the people said who may, each by their receipt. It stays until
// it is dismissed here, whatever the broker shows later.
type Alarm struct {
	Hash      string         `json:"hash"`
	ID        string         `json:"id"`
	Path      string         `json:"path"`
	Version   uint64         `json:"version"`
	Requester string         `json:"requester"`
	Entity    string         `json:"entity"`
	Reported  bool           `json:"reported"`
	Remote    string         `json:"remote"`
	Host      string         `json:"host"`
	Consumer  string         `json:"consumer"`
	Reason    string         `json:"reason"`
	Created   string         `json:"created"`
	Decisions []CardDecision `json:"decisions"`
	Released  bool           `json:"released"` // somebody approved it
}

// markAlarm tells an alarm apart from itself when more people have decided.
func markAlarm(a approval.Alarm) envelope.Hash {
	h := a.Request.Hash()
	parts := [][]byte{h[:]}
	for _, s := range a.Decisions {
		h := s.Hash()
		parts = append(parts, h[:])
	}
	return envelope.SumHash(parts...)
}

// alarmed keeps the alarms that came, but those that were dismissed as they are.
func (d *Desk) alarmed(in []approval.Alarm) error {
	for _, a := range in {
		_, decisions, err := approval.ReadAlarm(d.roster, a)
		if err != nil {
			continue // nobody's word
		}
		d.noticeAmong(a.Decisions)
		hash := a.Request.Hash().String()
		mark := markAlarm(a)
		if seen, found, err := getAs[dismissed](&d.kept, keyDismissed+hash); err == nil && found && seen.Mark == mark {
			continue
		}
		if was, found, err := getAs[approval.Alarm](&d.kept, keyAlarm+hash); err == nil && found && len(was.Decisions) >= len(decisions) {
			continue // what was proven once stays proven
		}
		if len(d.kept.below(keyAlarm)) >= maxAlarms {
			continue
		}
		if err := putAs(&d.kept, keyAlarm+hash, a); err != nil {
			return err
		}
	}
	return nil
}

// alarms are those that were not dismissed, the latest first. One that is a request
// that waits for this very approver is shown as that, until it ends.
func (d *Desk) alarms() []Alarm {
	list := []Alarm{}
	for _, key := range d.kept.below(keyAlarm) {
		a, _, err := getAs[approval.Alarm](&d.kept, key)
		if err != nil {
			d.kept.drop(key)
			continue
		}
		q, decisions, err := approval.ReadAlarm(d.roster, a)
		if err != nil || find(d.listing.open, a.Request.Hash()) != nil {
			continue
		}
		list = append(list, d.alarmOf(a, q, decisions))
	}
	slices.SortStableFunc(list, func(a, b Alarm) int { return cmp.Compare(b.Created, a.Created) })
	return list
}

func (d *Desk) alarmOf(a approval.Alarm, q *approval.Request, decisions []approval.Receipt) Alarm {
	o := q.Origin
	alarm := Alarm{
		Hash: a.Request.Hash().String(), ID: q.ID.String(), Path: q.Path, Version: q.Version, Requester: o.Requester, Entity: o.Entity,
		Reported: o.Reported, Remote: o.Remote, Host: o.Host, Consumer: q.Consumer.String(), Reason: q.Reason, Created: shown(q.Created),
		Decisions: []CardDecision{},
	}
	if c, err := d.roster.FormerConsumerAt(q.Consumer, q.Roster); err == nil {
		alarm.Consumer = c.Name
	}
	for i := range decisions {
		alarm.Decisions = append(alarm.Decisions, d.decision(&decisions[i]))
		alarm.Released = alarm.Released || decisions[i].Decision == approval.Approve
	}
	return alarm
}

type dismissArgs struct {
	Hash string `json:"hash"`
}

// Alarms is what the person has not dismissed yet.
type Alarms struct {
	Keep
	Alarms []Alarm `json:"alarms"`
}

// dismiss takes an alarm off this device. It comes back if more happens.
func (d *Desk) dismiss(a dismissArgs) (*Alarms, error) {
	if err := d.connected(); err != nil {
		return nil, err
	}
	alarm, found, err := getAs[approval.Alarm](&d.kept, keyAlarm+a.Hash)
	if err != nil || !found {
		return nil, cmp.Or(err, ErrNoRequest)
	}
	if err := putAs(&d.kept, keyDismissed+a.Hash, dismissed{markAlarm(alarm)}); err != nil {
		return nil, err
	}
	d.kept.drop(keyAlarm + a.Hash)
	return &Alarms{Alarms: d.alarms()}, nil
}
