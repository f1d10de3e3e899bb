package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// maxReceipts is how many records one list names.
const maxReceipts = 1000

const receiptsHelp = `
Every decision is kept for good as its approver's device signed it, with the
request that it is about. "stillvault receipts verify" checks them offline against
org/log alone: nothing here has to be believed. Names sort by time.`

func (b *broker) pathReceipts() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "receipts/?",
			DisplayAttrs: display("receipts"),
			Fields:       fields{"after": field(framework.TypeString, "Name of the last record that the caller has, to read on from there.")},
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listReceipts, Summary: "List records of decisions, oldest first, 1000 at a time.",
					Responses: answers("Names of records.", fields{
						"keys": field(framework.TypeStringSlice, "Names of records."),
						"more": field(framework.TypeBool, "Whether there are more after the last."),
					}),
				},
			},
			HelpSynopsis: "Signed decisions.", HelpDescription: receiptsHelp,
		},
		{
			Pattern:      "receipts/(?P<id>[^/]+)",
			DisplayAttrs: display("receipt"),
			Fields:       fields{"id": field(framework.TypeString, "A record's name, or a request's id for all decisions about it.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readReceipts, Summary: "Read decisions as they were signed.",
					Responses: answers("Decisions, oldest first.", fields{
						"evidence": required(framework.TypeStringSlice, "Each decision with its request."),
						"names":    required(framework.TypeStringSlice, "The records' names."),
						"refused":  required(framework.TypeStringSlice, "Name of the error with which each was refused, empty for those that counted."),
					}),
				},
			},
			HelpSynopsis: "The decisions about one request.", HelpDescription: receiptsHelp,
		},
	}
}

func (b *broker) listReceipts(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	names, more, err := x.Receipts(ctx, data.Get("after").(string), maxReceipts)
	if err != nil || len(names) == 0 {
		return logical.ListResponse(nil), err
	}
	resp := logical.ListResponse(names)
	resp.Data["more"] = more
	return resp, nil
}

func (b *broker) readReceipts(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	records, err := x.Evidence(ctx, data.Get("id").(string))
	if err != nil {
		return nil, err
	}
	evidence, names, refused := []string{}, []string{}, []string{}
	for _, r := range records {
		text, err := encodedText(r.Evidence)
		if err != nil {
			return nil, err
		}
		evidence, names, refused = append(evidence, text), append(names, r.Name), append(refused, r.Refused)
	}
	return &logical.Response{Data: map[string]any{"evidence": evidence, "names": names, "refused": refused}}, nil
}
