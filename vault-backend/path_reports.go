package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const reportsHelp = `
An approver who denies a request can report it: nobody should have asked. Its
requester may then not ask for that path for a day, or until somebody who has
looked into it acknowledges the report here. A report's id is its request's. The
denial stays below receipts/ for good.`

func (b *broker) pathReports() []*framework.Path {
	return b.pathsOf(notice{
		name: "reports", one: "report", list: "denials that say that nobody should have asked", item: "One report: who asked, who reported it, why.",
		acknowledge: "Acknowledge a report: its requester may ask again. Again succeeds.", help: reportsHelp,
		columns: "Ids, with path, version, requester, by, text and time.",
		fields: originFields(fields{
			"by":   required(framework.TypeString, "Name of the approver who reported it."),
			"text": required(framework.TypeString, "What the approver said."),
			"time": required(framework.TypeString, "When it was reported."),
		}),
		all: func(x *exchange.Exchange) ([]string, map[string]any) {
			return listView(x.Reports(), func(r exchange.Report) (string, map[string]any) {
				return r.Request.String(), map[string]any{
					"path": r.Path, "version": r.Version, "requester": r.Origin.Requester, "by": r.By, "text": r.Text,
					"time": shownTime(envelope.At(r.Time)),
				}
			})
		},
		read: readReport,
		done: func(ctx context.Context, x *exchange.Exchange, id envelope.ID, who exchange.Requester) error {
			return x.AcknowledgeReport(ctx, id, who.Name)
		},
	})
}

func readReport(x *exchange.Exchange, id envelope.ID) (map[string]any, error) {
	r, err := x.Report(id)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"id": r.Request.String(), "path": r.Path, "version": r.Version,
		"requester": r.Origin.Requester, "entity": r.Origin.Entity, "remote": r.Origin.Remote, "host": r.Origin.Host,
		"reason": r.Reason, "by": r.By, "text": r.Text, "time": shownTime(envelope.At(r.Time)),
	}, nil
}
