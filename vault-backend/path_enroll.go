package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
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

func (b *broker) pathEnrollAnswer(id *framework.FieldSchema) *framework.Path {
	return &framework.Path{
		Pattern:      "enroll/(?P<id>[^/]+)/answer",
		DisplayAttrs: display("enrolment-answer"),
		Fields: fields{
			"id":      id,
			"token":   field(framework.TypeString, "The ticket's post token, 32 bytes in base64url."),
			"message": field(framework.TypeString, "The enrolment, as the device made it."),
		},
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.unauthenticated(b.postEnrolment), Summary: "Answer an invitation, once. Needs the ticket, no Vault token.",
				Responses: answers("Taken.", fields{"state": required(framework.TypeString, "State of the invitation.")}),
			},
		},
		HelpSynopsis: "Where a device posts its answer to an invitation.", HelpDescription: enrollHelp,
	}
}

func (b *broker) pathEnrollStatus(id *framework.FieldSchema) *framework.Path {
	return &framework.Path{
		Pattern:      "enroll/(?P<id>[^/]+)/status",
		DisplayAttrs: display("enrolment-status"),
		Fields:       fields{"id": id},
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.unauthenticated(b.readEnrolmentStatus), Summary: "Read how far an enrolment has come. Needs no Vault token.",
				Responses: answers("The state.", fields{"state": required(framework.TypeString, "waiting, answered, admitted or expired.")}),
			},
		},
		HelpSynopsis: "How far an enrolment has come.", HelpDescription: enrollHelp,
	}
}

// byStranger says whether a call was refused because nobody known made it.
func byStranger(err error) bool {
	return slices.ContainsFunc([]error{
		errInput, errEnrolmentToken, errNoEnrolment, envelope.ErrSignature, envelope.ErrEncoding, envelope.ErrPayloadType,
		envelope.ErrTooLarge, roster.ErrUnknown, roster.ErrRevoked, approval.ErrDevice, approval.ErrInbox, exchange.ErrInboxReplayed,
	}, func(e error) bool { return errors.Is(err, e) })
}

// unauthenticated bounds how often an address is refused.
func (b *broker) unauthenticated(f framework.OperationFunc) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		address := ""
		if req.Connection != nil {
			address = req.Connection.RemoteAddr
		}
		if err := b.refusals.check(address, b.now()); err != nil {
			return nil, err
		}
		resp, err := f(ctx, req, data)
		if byStranger(err) {
			b.refusals.refused(address, b.now())
		}
		return resp, err
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

func (b *broker) postEnrolment(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	var shown envelope.Bytes
	if err := shown.UnmarshalText([]byte(data.Get("token").(string))); err != nil {
		return nil, errEnrolmentToken
	}
	token, err := envelope.KeyFrom(shown)
	if err != nil {
		return nil, errEnrolmentToken
	}
	defer token.Wipe()
	text := data.Get("message").(string)
	if text == "" {
		return nil, fmt.Errorf("message is missing: %w", errInput)
	}
	if len(text) > maxEnrolmentText {
		return nil, fmt.Errorf("message has %d bytes, limit %d: %w", len(text), maxEnrolmentText, envelope.ErrTooLarge)
	}
	lock := locksutil.LockForKey(b.locks, enrolmentPrefix+id.String())
	lock.Lock()
	defer lock.Unlock()
	e, err := b.answerEnrolment(ctx, id, token, text)
	if err != nil {
		return nil, err
	}
	return b.enrolmentResponse(ctx, e)
}

func (b *broker) readEnrolmentStatus(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	e, err := b.loadEnrolment(ctx, id)
	if err != nil {
		return nil, err
	}
	return b.enrolmentResponse(ctx, e)
}

// certifies says whether a certificate is a device's.
func certifies(s envelope.Signed, d *roster.Device) bool {
	c, err := envelope.Peek[keyring.Certificate](s, envelope.TypeCertificate)
	return err == nil && c.Device == d.Device
}
