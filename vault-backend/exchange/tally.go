package exchange

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
)

// Requirement is how far one of a request's requirements is. Decided are the
// names of those who count for it, in the order of their decisions.
type Requirement struct {
	Name    string
	Have    uint32
	Want    uint32
	Decided []string
}

// phase returns which decisions a request collects at the moment. With
// consent_first that is consents, until everybody needed has given one. mu is
// held.
func (r *request) phase() approval.Decision {
	if r.consented() && len(r.missing(approval.Consent)) > 0 {
		return approval.Consent
	}
	return approval.Approve
}

// consented says whether anybody consented. mu is held.
func (r *request) consented() bool {
	return slices.ContainsFunc(r.answers, func(a answer) bool { return a.decision == approval.Consent })
}

// tally returns, for every requirement, who has decided in this phase. mu is
// held.
func (r *request) tally() []Requirement {
	phase := r.phase()
	all := make([]Requirement, len(r.access))
	for i, a := range r.access {
		all[i] = Requirement{Name: a.Name, Want: a.M, Decided: []string{}}
	}
	for i := range r.answers {
		if a := &r.answers[i]; a.decision == phase && int(a.requirement) < len(all) {
			q := &all[a.requirement]
			q.Have++
			q.Decided = append(q.Decided, a.name)
		}
	}
	return all
}

// summary says in a line how far a request is, as "1 of 2 sre; security:
// waiting"; with the names of those who decided if named is true. mu is held.
func (r *request) summary(named bool) string {
	var parts []string
	for _, q := range r.tally() {
		parts = append(parts, q.text(named))
	}
	text := strings.Join(parts, "; ")
	switch {
	case r.phase() == approval.Consent:
		return "consents so far: " + text
	case r.consented():
		return "all consented; approvals so far: " + text
	}
	return text
}

func (q *Requirement) text(named bool) string {
	switch {
	case q.Have == 0 && q.Want == 1:
		return q.Name + ": waiting"
	case q.Have == 0:
		return fmt.Sprintf("%s: waiting for %d", q.Name, q.Want)
	case named:
		return fmt.Sprintf("%d of %d %s (%s)", q.Have, q.Want, q.Name, strings.Join(q.Decided, ", "))
	}
	return fmt.Sprintf("%d of %d %s", q.Have, q.Want, q.Name)
}
