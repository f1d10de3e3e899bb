package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
)

// explain says what became of a request, for a log that somebody reads later: the
// path, who could have released it, the request, and what to do.
func (o *opening) explain(ctx context.Context, err error) string {
	lines := []string{err.Error()}
	if advice := adviceFor(err); advice != "" {
		lines = append(lines, advice)
	}
	lines = append(lines, "Path: "+o.path+".")
	if who := o.session.approversOf(context.WithoutCancel(ctx), o.path); who != "" {
		lines = append(lines, "Approvers: "+who+".")
	}
	if o.asked != nil {
		lines = append(lines, fmt.Sprintf("Request: %s, of version %d, match code %s.", o.asked.ID, o.asked.Version, o.asked.MatchCode))
	} else {
		lines = append(lines, "Nobody was asked: there is no request.")
	}
	return strings.Join(lines, "\n")
}

// adviceFor is what to do where an error does not say it itself.
func adviceFor(err error) string {
	switch {
	case errors.Is(err, approval.ErrDenied):
		return "Ask who denied it why; run this again only when they agree."
	case errors.Is(err, consumer.ErrStopped):
		return "The run was interrupted. Nothing was released; approvers see the request no more."
	case errors.Is(err, approval.ErrExpired):
		return "Nobody decided in time. Tell the approvers before you run this again, or give them longer: `wait` is at most the policy's request_ttl."
	case broker.NameOf(err) == "request_cancelled":
		return "Somebody cancelled the request: an administrator, or whoever has the same identity in Vault."
	}
	return ""
}

// approversOf says who may release what lies at a path, as far as that is known.
func (s *session) approversOf(ctx context.Context, path string) string {
	text := ""
	_ = s.view(ctx, func(r *roster.Roster) error {
		p, err := r.PolicyFor(path)
		if err != nil {
			text = "nobody: " + err.Error()
			return nil
		}
		text = whoReleases(r, p)
		return nil
	})
	return text
}

// whoReleases names a policy's requirements and their people, such as
// "policy databases: 1 of dba (alice, bob)".
func whoReleases(r *roster.Roster, p *roster.Policy) string {
	people := r.Eligible(p)
	var needs []string
	for i, q := range p.Requirements {
		var names []string
		for _, a := range people[i] {
			names = append(names, a.Name)
		}
		if len(names) == 0 {
			names = []string{"nobody in force"}
		}
		needs = append(needs, fmt.Sprintf("%d of %s (%s)", q.M, q.Name, listed(names)))
	}
	return fmt.Sprintf("policy %s: %s", p.Name, strings.Join(needs, " and "))
}
