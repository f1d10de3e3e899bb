package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const alarmsHelp = `
A read that breaks the glass asks those whom the policy names for an emergency,
and tells everybody: all approvers' devices show it until somebody acknowledges
it here, who is not the one that asked. An alarm's id is its request's. What was
opened is to be replaced: metadata/ and status say so until a newer version is
written. The decisions stay below receipts/ for good.`

func (b *broker) pathAlarms() []*framework.Path {
	return b.pathsOf(notice{
		name: "alarms", one: "alarm", list: "uses of break-glass", item: "One use of break-glass: who asked, why, who decided.",
		acknowledge: "Acknowledge an alarm: nobody is shown it any more. Not for who asked. Again succeeds.", help: alarmsHelp,
		columns: "Ids, with path, version, state, requester, reason and created.",
		fields: originFields(fields{
			"state":     required(framework.TypeString, "waiting, approved, denied, expired or cancelled."),
			"created":   required(framework.TypeString, "When it was asked."),
			"decisions": required(framework.TypeSlice, "Who decided what: approver, name, device, decision, time, reason."),
		}),
		all: func(x *exchange.Exchange) ([]string, map[string]any) {
			return listView(x.Alarms(), func(a exchange.Alarm) (string, map[string]any) {
				return a.Request.String(), map[string]any{
					"path": a.Path, "version": a.Version, "state": string(a.State), "requester": a.Origin.Requester,
					"reason": a.Reason, "created": shownTime(envelope.At(a.Created)),
				}
			})
		},
		read: readAlarm,
		done: func(ctx context.Context, x *exchange.Exchange, id envelope.ID, who exchange.Requester) error {
			return x.Acknowledge(ctx, id, who)
		},
	})
}

func readAlarm(x *exchange.Exchange, id envelope.ID) (map[string]any, error) {
	a, err := x.Alarm(id)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"id": a.Request.String(), "path": a.Path, "version": a.Version, "state": string(a.State),
		"requester": a.Origin.Requester, "entity": a.Origin.Entity, "remote": a.Origin.Remote, "host": a.Origin.Host,
		"reason": a.Reason, "created": shownTime(envelope.At(a.Created)), "decisions": decisionsView(a.Decisions),
	}, nil
}
