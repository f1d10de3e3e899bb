package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const requestsHelp = `
A requester has one request per path open at a time, on each consumer: the same
read attaches to it, and one with another reason, version or lease is refused
until it is answered or deleted. Breaking the glass counts apart.

A request's id is random and told to its requester alone: give readers "read" and
"delete" on requests/+, and "list" to those who may see everybody's requests.
Requests of hosts outlive a restart; those that the mount made for a read end
with its process, and the next read asks again.`

func (b *broker) pathRequests() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "requests/?",
			DisplayAttrs: display("requests"),
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listRequests, Summary: "List requests, oldest first.", Responses: listed("Ids, with path, version, state, summary, break_glass, created and deadline."),
				},
			},
			HelpSynopsis: "Requests that wait or have just ended.", HelpDescription: requestsHelp,
		},
		{
			Pattern:      "requests/(?P<id>[^/]+)",
			DisplayAttrs: display("request"),
			Fields:       fields{"id": field(framework.TypeString, "The request's id.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readRequest, Summary: "Read how a request stands.", Responses: answers("The request.", requestFields()),
				},
				logical.DeleteOperation: &framework.PathOperation{
					Callback: b.cancelRequest, Summary: "End a request.", Responses: nothing("Ended."),
				},
			},
			HelpSynopsis: "One request: who asks, who decided, what is missing.", HelpDescription: requestsHelp,
		},
	}
}

func requestFields() fields {
	return fields{
		"request_id":   required(framework.TypeString, "The request's id."),
		"path":         required(framework.TypeString, "The secret's path."),
		"version":      required(framework.TypeInt64, "The secret's version."),
		"state":        required(framework.TypeString, "waiting, approved, denied, expired or cancelled."),
		"cause":        required(framework.TypeString, "Why it ended without an approval, empty otherwise."),
		"summary":      required(framework.TypeString, "Who decided and what is missing, as \"1 of 2 sre; security: waiting\"."),
		"break_glass":  required(framework.TypeBool, "Whether it asks those whom the policy names for an emergency."),
		"match_code":   required(framework.TypeString, "The code that approvers type in, where the policy wants that and while it waits; empty otherwise."),
		"requester":    required(framework.TypeString, "Who asks, as Vault reports it or the host says."),
		"entity":       required(framework.TypeString, "The requester's Vault entity id."),
		"remote":       required(framework.TypeString, "Network address that it came from."),
		"host":         required(framework.TypeString, "The host that asks, empty for the mount."),
		"consumer":     required(framework.TypeString, "Name of the consumer that receives the secret."),
		"reason":       required(framework.TypeString, "The reason given."),
		"created":      required(framework.TypeString, "When it was made."),
		"deadline":     required(framework.TypeString, "When it expires."),
		"readers":      required(framework.TypeInt, "How many calls wait for it."),
		"decisions":    required(framework.TypeSlice, "Who decided what: approver, name, device, decision, time, reason."),
		"requirements": required(framework.TypeSlice, "Each requirement with the people who decided: requirement, have, want, decided (names)."),
		"missing":      required(framework.TypeSlice, "Those of the requirements that are not met yet, while the request waits."),
		"hash":         required(framework.TypeString, "Hash of the signed request; the match code follows from it."),
	}
}

func (b *broker) listRequests(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	keys, info := listView(x.List(nil), func(l exchange.Line) (string, map[string]any) {
		return l.Request.String(), map[string]any{
			"path": l.Path, "version": l.Version, "state": string(l.State), "summary": l.Summary, "break_glass": l.BreakGlass,
			"created": shownTime(envelope.At(l.Created)), "deadline": shownTime(envelope.At(l.Deadline)),
		}
	})
	return logical.ListResponseWithInfo(keys, info), nil
}

func (b *broker) readRequest(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	s, err := x.Get(id, nil)
	if err != nil {
		return nil, err
	}
	cause := ""
	if s.Cause != nil {
		cause = s.Cause.Error()
	}
	requirements, missing := requirementsView(s)
	return &logical.Response{Data: map[string]any{
		"request_id": s.Request.String(), "path": s.Path, "version": s.Version, "state": string(s.State), "cause": cause, "summary": s.Summary, "break_glass": s.BreakGlass, "match_code": s.MatchCode,
		"requester": s.Origin.Requester, "entity": s.Origin.Entity, "remote": s.Origin.Remote, "host": s.Origin.Host,
		"consumer": s.ConsumerName, "reason": s.Reason,
		"created": shownTime(envelope.At(s.Created)), "deadline": shownTime(envelope.At(s.Deadline)),
		"readers": s.Readers, "decisions": decisionsView(s.Decisions), "requirements": requirements, "missing": missing,
		"hash": s.Hash.String(),
	}}, nil
}

// requirementsView shows all requirements, and of a request that waits those that
// are not met yet.
func requirementsView(s *exchange.Status) (all, missing []any) {
	all, missing = []any{}, []any{}
	for _, q := range s.Requirements {
		shown := map[string]any{"requirement": q.Name, "have": q.Have, "want": q.Want, "decided": q.Decided}
		all = append(all, shown)
		if q.Have < q.Want && s.State == exchange.Waiting {
			missing = append(missing, shown)
		}
	}
	return all, missing
}

// cancelRequest ends a request. One that is not known has ended, or is about to
// be forgotten: deleting it again succeeds.
func (b *broker) cancelRequest(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	return nil, x.Cancel(ctx, id, nil)
}
