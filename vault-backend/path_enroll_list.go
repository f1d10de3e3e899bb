package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

// maxEnrolments is how many invitations are listed at a time. Each is read with its
// answer, of up to maxEnrolmentText.
const maxEnrolments = 100

func (b *broker) pathEnrolments() *framework.Path {
	return &framework.Path{
		Pattern:      "enroll/?",
		DisplayAttrs: display("enrolments"),
		Fields:       fields{"after": field(framework.TypeString, "Last id that the caller was listed, to read on from there.")},
		Operations: operations{
			logical.ListOperation: &framework.PathOperation{
				Callback: b.listEnrolments, Summary: "List invitations by id, 100 at a time.",
				Responses: answers("Ids of invitations.", fields{
					"keys":     field(framework.TypeStringSlice, "Ids, in order."),
					"key_info": field(framework.TypeMap, "Beside each id: name, approver_id, expires and state, as when it is read."),
					"more":     field(framework.TypeBool, "Whether there are more after the last."),
				}),
			},
		},
		HelpSynopsis: "All invitations to enrol a device.", HelpDescription: enrollHelp,
	}
}

func (b *broker) listEnrolments(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	after := data.Get("after").(string)
	if after != "" {
		if _, err := envelope.ParseID(after); err != nil {
			return nil, fmt.Errorf("after wants an id: %w", errInput)
		}
	}
	keys, err := b.storage.List(ctx, enrolmentPrefix)
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	slices.Sort(keys)
	if at, found := slices.BinarySearch(keys, after); found {
		keys = keys[at+1:]
	} else {
		keys = keys[at:]
	}
	var ids []string
	info, more := map[string]any{}, false
	for _, key := range keys {
		if more = len(ids) == maxEnrolments; more {
			break
		}
		id, err := envelope.ParseID(key)
		if err != nil {
			return nil, errStored
		}
		shown, err := b.enrolmentView(ctx, id)
		if errors.Is(err, errNoEnrolment) {
			continue // withdrawn meanwhile
		}
		if err != nil {
			return nil, err
		}
		ids, info[key] = append(ids, key), shown
	}
	resp := logical.ListResponseWithInfo(ids, info)
	if len(ids) > 0 {
		resp.Data["more"] = more
	}
	return resp, nil
}

// enrolmentView is what is listed of an invitation: what it is about and how far it
// came, without the answer and the token's hash.
func (b *broker) enrolmentView(ctx context.Context, id envelope.ID) (map[string]any, error) {
	e, err := b.loadEnrolment(ctx, id)
	if err != nil {
		return nil, err
	}
	state, err := b.enrolmentState(ctx, e)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"name": e.Name, "approver_id": e.Approver.String(), "expires": shownTime(e.Expires), "state": state,
	}, nil
}
