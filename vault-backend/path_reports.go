package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

const reportsHelp = `
An approver who denies a request can report it: nobody should have asked. Its
requester may then not ask for that path for a day, or until somebody who has
looked into it acknowledges the report here. A report's id is its request's. The
denial stays below receipts/ for good.`

func (b *broker) pathReports() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "reports/?",
			DisplayAttrs: display("reports"),
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listReports, Summary: "List reports that nobody has acknowledged, oldest first.",
					Responses: listed("Ids, with path, version, requester, by, text and time."),
				},
			},
			HelpSynopsis: "Denials that say that nobody should have asked.", HelpDescription: reportsHelp,
		},
		{
			Pattern:      "reports/(?P<id>[^/]+)",
			DisplayAttrs: display("report"),
			Fields:       fields{"id": field(framework.TypeString, "Id of the report and its request.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readReport, Summary: "Read a report.", Responses: answers("The report.", reportFields()),
				},
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.acknowledgeReport, Summary: "Acknowledge a report: its requester may ask again. Again succeeds.",
					Responses: nothing("Acknowledged."), DisplayAttrs: verb("acknowledge"),
				},
			},
			HelpSynopsis: "One report: who asked, who reported it, why.", HelpDescription: reportsHelp,
		},
	}
}

func reportFields() fields {
	return fields{
		"id":        required(framework.TypeString, "The request's id."),
		"path":      required(framework.TypeString, "The secret's path."),
		"version":   required(framework.TypeInt64, "The secret's version."),
		"requester": required(framework.TypeString, "Who asked, as Vault reports it or the host says."),
		"entity":    required(framework.TypeString, "The requester's Vault entity id."),
		"remote":    required(framework.TypeString, "Network address that it came from."),
		"host":      required(framework.TypeString, "The host that asked, empty for the mount."),
		"reason":    required(framework.TypeString, "The reason that the requester gave."),
		"by":        required(framework.TypeString, "Name of the approver who reported it."),
		"text":      required(framework.TypeString, "What the approver said."),
		"time":      required(framework.TypeString, "When it was reported."),
	}
}

func (b *broker) listReports(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	keys, info := listView(x.Reports(), func(r exchange.Report) (string, map[string]any) {
		return r.Request.String(), map[string]any{
			"path": r.Path, "version": r.Version, "requester": r.Origin.Requester, "by": r.By, "text": r.Text,
			"time": shownTime(envelope.At(r.Time)),
		}
	})
	return logical.ListResponseWithInfo(keys, info), nil
}

func (b *broker) readReport(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	r, err := x.Report(id)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"id": r.Request.String(), "path": r.Path, "version": r.Version,
		"requester": r.Origin.Requester, "entity": r.Origin.Entity, "remote": r.Origin.Remote, "host": r.Origin.Host,
		"reason": r.Reason, "by": r.By, "text": r.Text, "time": shownTime(envelope.At(r.Time)),
	}}, nil
}

func (b *broker) acknowledgeReport(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	return nil, x.AcknowledgeReport(ctx, id, b.requesterOf(req).Name)
}
