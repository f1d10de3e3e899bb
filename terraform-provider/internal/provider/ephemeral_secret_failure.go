package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

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
	return strings.Join(append(lines, o.request(context.WithoutCancel(ctx), err)), "\n")
}

// explainFor is how long it may take to find out more about a failure. Vault, which is
// asked then, has just answered; where it is slow, the wrong thing would be said.
const explainFor = 20 * time.Second

// request says which request it was, or that nobody was asked. What was signed here
// is no request before the broker took it.
func (o *opening) request(ctx context.Context, err error) string {
	ctx, done := context.WithTimeout(ctx, explainFor)
	defer done()
	if broker.NameOf(err) == requestOpen {
		return o.openAlready(ctx, err)
	}
	if o.asked != nil && broker.StatusOf(err) != 0 {
		if _, none := o.session.broker.ReadRequest(ctx, o.asked.ID); errors.Is(none, broker.ErrMissing) || broker.StatusOf(none) == http.StatusNotFound {
			o.asked = nil
		}
	}
	if o.asked == nil {
		return "Nobody was asked: there is no request."
	}
	return fmt.Sprintf("Request: %s, of version %d, match code %s.", o.asked.ID, o.asked.Version, o.asked.MatchCode)
}

// requestOpen is the broker's name for a request that is in the way of another. It
// keeps one for each path, requester and consumer: so that one is by this same key.
const requestOpen = "request_open"

// openAlready says which request is in the way, and how it ends. It is not ended
// here: whether a run that is still alive waits for it, only Vault says.
func (o *opening) openAlready(ctx context.Context, err error) string {
	const nobody = "Nobody was asked anew."
	var answer *broker.Error
	if !errors.As(err, &answer) || answer.RequestID().IsZero() {
		return nobody
	}
	id := answer.RequestID()
	lines := []string{nobody + " The request that is open is " + id.String() + ", by this same consumer key: another run of this pipeline waits for it, or one that was killed has left it behind."}
	ends := "at its deadline"
	if r, err := o.session.broker.ReadRequest(ctx, id); err == nil {
		ends = "at " + timeText(r.Deadline).ValueString()
		if r.Readers == 0 {
			lines = append(lines, "By what Vault says, no run waits for it any more.")
		}
	}
	return strings.Join(append(lines, fmt.Sprintf("It ends by itself %s; `stillvault requests cancel %s`, with this run's Vault token or an administrator's, ends it now, from any machine. "+
		"What approvers release for a run that was killed, nobody can open: its key is gone.", ends, id)), "\n")
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
