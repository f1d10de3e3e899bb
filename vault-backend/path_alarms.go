package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const alarmsHelp = `
A read that breaks the glass asks those whom the policy names for an emergency,
and tells everybody: all approvers' devices show it until somebody acknowledges
it here. An alarm's id is its request's. What was opened is to be replaced:
metadata/ and status say so until a newer version is written. The decisions stay
below receipts/ for good.`

func (b *broker) pathAlarms() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "alarms/?",
			DisplayAttrs: display("alarms"),
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listAlarms, Summary: "List uses of break-glass that nobody has acknowledged, oldest first.",
					Responses: listed("Ids, with path, version, state, requester, reason and created."),
				},
			},
			HelpSynopsis: "Uses of break-glass.", HelpDescription: alarmsHelp,
		},
		{
			Pattern:      "alarms/(?P<id>[^/]+)",
			DisplayAttrs: display("alarm"),
			Fields:       fields{"id": field(framework.TypeString, "Id of the alarm and its request.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readAlarm, Summary: "Read an alarm.", Responses: answers("The alarm.", alarmFields()),
				},
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.acknowledgeAlarm, Summary: "Acknowledge an alarm: nobody is shown it any more. Again succeeds.",
					Responses: nothing("Acknowledged."), DisplayAttrs: verb("acknowledge"),
				},
			},
			HelpSynopsis: "One use of break-glass: who asked, why, who decided.", HelpDescription: alarmsHelp,
		},
	}
}

func alarmFields() fields {
	return fields{
		"id":        required(framework.TypeString, "The request's id."),
		"path":      required(framework.TypeString, "The secret's path."),
		"version":   required(framework.TypeInt64, "The secret's version."),
		"state":     required(framework.TypeString, "waiting, approved, denied, expired or cancelled."),
		"requester": required(framework.TypeString, "Who asked, as Vault reports it or the host says."),
		"entity":    required(framework.TypeString, "The requester's Vault entity id."),
		"remote":    required(framework.TypeString, "Network address that it came from."),
		"host":      required(framework.TypeString, "The host that asked, empty for the mount."),
		"reason":    required(framework.TypeString, "The reason given."),
		"created":   required(framework.TypeString, "When it was asked."),
		"decisions": required(framework.TypeSlice, "Who decided what: approver, name, device, decision, time, reason."),
	}
}

func (b *broker) listAlarms(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	keys, info := listView(x.Alarms(), func(a exchange.Alarm) (string, map[string]any) {
		return a.Request.String(), map[string]any{
			"path": a.Path, "version": a.Version, "state": string(a.State), "requester": a.Origin.Requester,
			"reason": a.Reason, "created": shownTime(envelope.At(a.Created)),
		}
	})
	return logical.ListResponseWithInfo(keys, info), nil
}

func (b *broker) readAlarm(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	a, err := x.Alarm(id)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"id": a.Request.String(), "path": a.Path, "version": a.Version, "state": string(a.State),
		"requester": a.Origin.Requester, "entity": a.Origin.Entity, "remote": a.Origin.Remote, "host": a.Origin.Host,
		"reason": a.Reason, "created": shownTime(envelope.At(a.Created)), "decisions": decisionsView(a.Decisions),
	}}, nil
}

func (b *broker) acknowledgeAlarm(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	return nil, x.Acknowledge(ctx, id, b.requesterOf(req).Name)
}
