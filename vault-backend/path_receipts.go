package backend

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

// maxReceipts is how many records one list names.
const maxReceipts = 1000

const receiptsHelp = `
Every decision is kept for good as its approver's device signed it, with the
request that it is about. "stillvault receipts verify" checks them offline against
org/log alone: nothing here has to be believed. A record's
name is its time and its request's id.`

func (b *broker) pathReceipts() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "receipts/?",
			DisplayAttrs: display("receipts"),
			Fields:       fields{"after": field(framework.TypeString, "Last request id that the caller was listed, or a record's name, to read on from there.")},
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listReceipts, Summary: "List requests that were decided, oldest first, from 1000 decisions at a time.",
					Responses: answers("Ids of requests.", fields{
						"keys": field(framework.TypeStringSlice, "Ids of requests, in the order of their decisions."),
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
	after := data.Get("after").(string)
	if _, err := envelope.ParseID(after); err == nil {
		records, err := x.Evidence(ctx, after)
		if err != nil {
			return nil, err
		}
		after = records[len(records)-1].Name
	}
	names, more, err := x.Receipts(ctx, after, maxReceipts)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range names {
		if id := aboutRequest(name); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	resp := logical.ListResponse(ids)
	if len(ids) > 0 {
		resp.Data["more"] = more
	}
	return resp, nil
}

// aboutRequest returns the id of the request that a record is about: it stands
// behind the time with which the record's name begins.
func aboutRequest(name string) string {
	_, rest, _ := strings.Cut(name, "-")
	return rest[:min(len(rest), idLength)]
}

// idLength is the length of an id in text.
const idLength = 36

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
