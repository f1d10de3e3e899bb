package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Limits of an enrolment.
const (
	maxEnrolmentAhead = 30 * 24 * time.Hour
	maxEnrolmentText  = 64 << 10
)

const enrollHelp = `
The signer's machine makes a one-time ticket, hands it to the person outside of
Vault, and tells the broker the hash of what the device will show. The device
answers with its public keys, authenticated by a key that never comes here; the
signer's machine fetches the answer, verifies it, and appends the admission to
org/log.`

func (b *broker) pathEnroll() []*framework.Path {
	id := field(framework.TypeString, "The ticket's id.")
	return []*framework.Path{
		b.pathEnrolments(),
		{
			Pattern:      "enroll/(?P<id>[^/]+)",
			DisplayAttrs: display("enrolment"),
			Fields: fields{
				"id":          id,
				"name":        field(framework.TypeString, "Name that the approver has or will have."),
				"approver_id": field(framework.TypeString, "The approver's id."),
				"token_hash":  field(framework.TypeString, "SHA-256 of the ticket's post token, 64 hexadecimal digits."),
				"expires":     field(framework.TypeString, "When the ticket expires, RFC 3339, at most 30 days ahead."),
			},
			Operations: operations{
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.createEnrolment, Summary: "Invite a person to enrol one device.",
					Responses: answers("The invitation.", fields{"state": required(framework.TypeString, "State of the invitation.")}),
				},
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readEnrolment, Summary: "Read an invitation and its answer.",
					Responses: answers("The invitation.", fields{
						"name":        required(framework.TypeString, "Name of the approver."),
						"approver_id": required(framework.TypeString, "The approver's id."),
						"token_hash":  required(framework.TypeString, "SHA-256 of the ticket's post token."),
						"expires":     required(framework.TypeString, "When the ticket expires."),
						"state":       required(framework.TypeString, "waiting, answered, admitted or expired."),
						"message":     required(framework.TypeString, "The device's answer, empty while there is none."),
					}),
				},
				logical.DeleteOperation: &framework.PathOperation{
					Callback: b.deleteEnrolment, Summary: "Withdraw an invitation.", Responses: nothing("Withdrawn."),
				},
			},
			HelpSynopsis: "Invitations to enrol a device.", HelpDescription: enrollHelp,
		},
		b.pathEnrollAnswer(id),
		b.pathEnrollStatus(id),
	}
}

func (b *broker) createEnrolment(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	fresh, err := b.invitation(data)
	if err != nil {
		return nil, err
	}
	lock := locksutil.LockForKey(b.locks, enrolmentPrefix+id.String())
	lock.Lock()
	defer lock.Unlock()
	known, err := b.loadEnrolment(ctx, id)
	if err != nil && !errors.Is(err, errNoEnrolment) {
		return nil, err
	}
	if known != nil {
		answered := *known
		answered.Message = ""
		if answered != *fresh {
			return nil, fmt.Errorf("invitation %s: %w", id, errEnrolmentKnown)
		}
		return b.enrolmentResponse(ctx, known)
	}
	if envelope.At(b.now()) >= fresh.Expires {
		return nil, fmt.Errorf("expires is past: %w", errInput)
	}
	if err := store(ctx, b.storage, enrolmentPrefix+id.String(), fresh); err != nil {
		return nil, err
	}
	return b.enrolmentResponse(ctx, fresh)
}

// invitation reads the fields of a new invitation.
func (b *broker) invitation(data *framework.FieldData) (*enrolment, error) {
	approver, err := idField(data, "approver_id")
	if err != nil {
		return nil, err
	}
	token, err := envelope.ParseHash(data.Get("token_hash").(string))
	if err != nil || token.IsZero() {
		return nil, fmt.Errorf("token_hash wants 64 lower-case hexadecimal digits: %w", errInput)
	}
	expires, err := time.Parse(time.RFC3339, data.Get("expires").(string))
	if err != nil || expires.After(b.now().Add(maxEnrolmentAhead)) {
		return nil, fmt.Errorf("expires wants an RFC 3339 time at most 30 days ahead: %w", errInput)
	}
	name := data.Get("name").(string)
	if err := roster.CheckName(name); err != nil {
		return nil, err
	}
	return &enrolment{Name: name, Approver: approver, Token: token, Expires: envelope.At(expires)}, nil
}

func (b *broker) enrolmentResponse(ctx context.Context, e *enrolment) (*logical.Response, error) {
	state, err := b.enrolmentState(ctx, e)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"state": state}}, nil
}

func (b *broker) readEnrolment(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	e, err := b.loadEnrolment(ctx, id)
	if errors.Is(err, errNoEnrolment) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	state, err := b.enrolmentState(ctx, e)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"name": e.Name, "approver_id": e.Approver.String(), "token_hash": e.Token.String(),
		"expires": shownTime(e.Expires), "state": state, "message": e.Message,
	}}, nil
}

func (b *broker) deleteEnrolment(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	lock := locksutil.LockForKey(b.locks, enrolmentPrefix+id.String())
	lock.Lock()
	defer lock.Unlock()
	return nil, remove(ctx, b.storage, enrolmentPrefix+id.String())
}
