package provider

import (
	"context"
	"slices"
	"sync"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ahead is what this run has seen of what is to come: what Terraform handed to the
// other resources before those that depend on them.
type ahead struct {
	mu      sync.Mutex
	groups  []string // ids of groups that change
	pending []string // names of people who are to enrol
	rules   []string // patterns of policies that come to be or change
}

func (a *ahead) groupChanges(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.groups = append(a.groups, id)
}

func (a *ahead) awaits(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.pending, name) {
		a.pending = append(a.pending, name)
	}
}

// policyComes notes the pattern of a policy, "" where it is not known.
func (a *ahead) policyComes(pattern string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules = append(a.rules, pattern)
}

// covers says whether a policy that comes to be may be for a path.
func (a *ahead) covers(path string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.rules, func(pattern string) bool {
		covered, err := roster.Matches(pattern, path)
		return pattern == "" || err == nil && covered
	})
}

// changes says whether a group among principals, or one in such a group, changes by
// this run: who will be in it is not known.
func (a *ahead) changes(r *roster.Roster, all []roster.Principal) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.groups) > 0 && a.reach(r, all, map[string]bool{})
}

func (a *ahead) reach(r *roster.Roster, all []roster.Principal, visited map[string]bool) bool {
	for _, p := range all {
		id := p.ID.String()
		if p.Kind != roster.PrincipalGroup || visited[id] {
			continue
		}
		visited[id] = true
		if slices.Contains(a.groups, id) {
			return true
		}
		if g, err := r.Group(p.ID); err == nil && a.reach(r, g.Members, visited) {
			return true
		}
	}
	return false
}

// waiting says who was invited and is not admitted: those whom this run has seen,
// and, where the broker may be asked, those who have a ticket. "" where there is
// nobody.
func (s *session) waiting(ctx context.Context, r *roster.Roster) string {
	s.ahead.mu.Lock()
	names := slices.Clone(s.ahead.pending)
	s.ahead.mu.Unlock()
	invited, _ := s.broker.ListEnrolments(ctx)
	for _, e := range invited {
		if e.State == broker.EnrolmentWaiting || e.State == broker.EnrolmentAnswered {
			names = append(names, e.Name)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, err := r.ApproverNamed(name)
		return err == nil
	})
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return ""
	}
	return ". Not admitted yet: " + listed(names) + "; when they have joined, set their fingerprint and apply again"
}
