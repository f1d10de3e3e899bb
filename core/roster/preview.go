package roster

import (
	"maps"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Preview returns the roster as it would be if a statement came next, for which
// only the signature is missing: everything else is checked as by
// [Roster.Append], with the same errors. r stays as it is, and neither changes
// with the other from then on.
//
// The copy's head is the one that the log has when this very statement, of the
// same time, is signed. Until then nobody else knows it: a copy is for looking at
// what would become of people, policies and secrets, never for signing with, for
// remembering or for showing to others as the organisation's.
func (r *Roster) Preview(kind Kind, body any, now time.Time) (*Roster, error) {
	d := r.Draft()
	if err := d.Add(kind, body, now); err != nil {
		return nil, err
	}
	return d.Roster(), nil
}

// Draft is a roster as it would be if some statements came next, one after the
// other: [Roster.Preview] of several.
type Draft struct{ roster *Roster }

// Draft begins one with no statement yet.
func (r *Roster) Draft() *Draft { return &Draft{r.Clone()} }

// Add has one more statement come next, which is checked as by [Roster.Append] but
// for its signature. On an error nothing has changed.
func (d *Draft) Add(kind Kind, body any, now time.Time) error {
	s, err := d.roster.Next(kind, body, now) // no signers
	if err != nil {
		return err
	}
	return d.roster.append(s, func(envelope.Signed, Statement) error { return nil })
}

// Roster is the roster as it would be by now; it changes with what is added. The
// caller must not change it.
func (d *Draft) Roster() *Roster { return d.roster }

// Clone returns a roster of the caller's own: neither changes with the other from
// then on. What no statement changes is shared: policies, groups, the bodies of
// admissions and parsed keys.
func (r *Roster) Clone() *Roster {
	c := *r
	c.hashes = slices.Clone(r.hashes)
	c.groups, c.receipts = maps.Clone(r.groups), maps.Clone(r.receipts)
	c.devices, c.consumers = cloneAll(r.devices), cloneAll(r.consumers)
	c.approvers, c.policies = cloneAll(r.approvers), r.policies.clone()
	for _, a := range c.approvers {
		a.former = slices.Clone(a.former)
	}
	return &c
}

func cloneAll[T any](all map[envelope.ID]*T) map[envelope.ID]*T {
	c := make(map[envelope.ID]*T, len(all))
	for id, v := range all {
		copied := *v
		c[id] = &copied
	}
	return c
}
