package exchange

import (
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
	all := []Requirement{}
	for i, a := range r.access {
		if !r.counts(i) {
			continue
		}
		q := Requirement{Name: a.Name, Want: a.M, Decided: []string{}}
		for j := range r.answers {
			if said := &r.answers[j]; said.decision == phase && int(said.requirement) == i {
				q.Have++
				q.Decided = append(q.Decided, said.name)
			}
		}
		all = append(all, q)
	}
	return all
}

// summary says in a line how far a request is, as "1 of 2 sre; security:
// waiting"; with the names of those who decided if named is true. mu is held.
func (r *request) summary(named bool) string {
	all := r.tally()
	needs := make([]approval.Need, len(all))
	for i, q := range all {
		needs[i] = approval.Need{Requirement: q.Name, Have: q.Have, Want: q.Want}
		if named && q.Have > 0 {
			needs[i].Requirement += " (" + strings.Join(q.Decided, ", ") + ")"
		}
	}
	text := approval.Summary(needs)
	switch {
	case r.phase() == approval.Consent:
		return "consents so far: " + text
	case r.consented():
		return "all consented; approvals so far: " + text
	}
	return text
}
