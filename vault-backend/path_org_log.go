package backend

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Limits of one call.
const (
	maxAppended     = 1000
	defaultLogLimit = 100
	maxLogLimit     = 1000
)

func (b *broker) pathOrgLog() *framework.Path {
	head := fields{
		"head_seq":  required(framework.TypeInt64, "Number of the log's last statement, from 0; -1 without a log."),
		"head_hash": required(framework.TypeString, "Hash of the log's last statement."),
	}
	read := fields{
		"statements":   required(framework.TypeStringSlice, "Signed statements, oldest first."),
		"organisation": required(framework.TypeString, "The pinned organisation's id, empty before it is pinned."),
		"head_seq":     head["head_seq"], "head_hash": head["head_hash"],
	}
	return &framework.Path{
		Pattern:      "org/log/?",
		DisplayAttrs: display("org-log"),
		Fields: fields{
			"statements": field(framework.TypeStringSlice, "Signed statements to append, oldest first, each the text that the signer made."),
			"from":       field(framework.TypeInt64, "Number of the first statement to read, default 0."),
			"limit":      field(framework.TypeInt, "How many statements to read at most, default 100, at most 1000; fewer are answered where they are large."),
		},
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.appendStatements, Summary: "Append statements that the organisation signed.",
				Description:  "Statements that the log has already are passed over, so the same call twice succeeds. All are checked before one is stored.",
				Responses:    answers("The log's head now.", head),
				DisplayAttrs: verb("append"),
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readStatements, Summary: "Read a range of the log.",
				Responses: answers("Statements and the log's head.", read),
			},
			logical.ListOperation: &framework.PathOperation{
				Callback: b.listStatements, Summary: "List the numbers of the log's statements.",
				Responses: listed("Numbers of the statements."),
			},
		},
		HelpSynopsis: "The organisation's log: who and what is admitted, signed by the organisation.",
		HelpDescription: `
The log is append-only and hash-chained, and every statement is signed with the
Org Identity key, which is never here. A statement must follow the log's last
one. Everybody reads the log: approvers and consumers check for themselves what
they are told about each other.`,
	}
}

func (b *broker) appendStatements(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	texts, err := stringList(data, "statements", maxAppended)
	if err != nil {
		return nil, err
	}
	statements := make([]envelope.Signed, len(texts))
	for i, text := range texts {
		if statements[i], err = envelope.Decode[envelope.Signed]([]byte(text)); err != nil {
			return nil, fmt.Errorf("statement %d of this call: %w", i+1, err)
		}
	}
	if err := b.appendLog(ctx, statements); err != nil {
		return nil, err
	}
	b.rosterChanged(ctx)
	if err := b.forgetProposals(ctx); err != nil {
		b.Logger().Warn("proposals of devices were not looked through; the next hour does it", "error", err)
	}
	// Also where the log had all statements before: the first call may have been
	// cut off here.
	if err := b.finishRemovals(ctx, b.storage); err != nil {
		return nil, err
	}
	b.settleReshares(ctx)
	resp := &logical.Response{Data: map[string]any{}}
	return resp, b.addHead(ctx, resp.Data)
}

// addHead adds the log's head to an answer.
func (b *broker) addHead(ctx context.Context, data map[string]any) error {
	return b.withRoster(ctx, func(r *roster.Roster) error {
		data["head_seq"], data["head_hash"] = int64(r.Head().Seq), r.Head().Hash.String()
		return nil
	})
}

func (b *broker) readStatements(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	from, limit := data.Get("from").(int64), defaultLogLimit
	if n, given := data.GetOk("limit"); given {
		limit = n.(int)
	}
	if from < 0 || limit < 1 || limit > maxLogLimit {
		return nil, fmt.Errorf("from wants 0 or more, limit 1 to %d: %w", maxLogLimit, errInput)
	}
	c, err := b.config(ctx)
	if err != nil {
		return nil, err
	}
	log, head, err := b.readPage(ctx, uint64(from), limit)
	if isUnready(err) {
		return &logical.Response{Data: map[string]any{
			"statements": []string{}, "organisation": idText(c.Organisation), "head_seq": int64(-1), "head_hash": "",
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	statements := make([]string, len(log))
	for i, s := range log {
		if statements[i], err = encodedText(s); err != nil {
			return nil, err
		}
	}
	return &logical.Response{Data: map[string]any{
		"statements": statements, "organisation": idText(c.Organisation), "head_seq": int64(head.Seq), "head_hash": head.Hash.String(),
	}}, nil
}

func (b *broker) listStatements(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	var keys []string
	err := b.withRoster(ctx, func(r *roster.Roster) error {
		for seq := range r.Head().Seq + 1 {
			keys = append(keys, strconv.FormatUint(seq, 10))
		}
		return nil
	})
	if err != nil && !isUnready(err) {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}
