package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func (b *broker) pathEnrollAnswer(id *framework.FieldSchema) *framework.Path {
	return &framework.Path{
		Pattern:      "enroll/(?P<id>[^/]+)/answer",
		DisplayAttrs: display("enrolment-answer"),
		Fields: kitFields(fields{
			"id":      id,
			"token":   field(framework.TypeString, "The ticket's post token, 32 bytes in base64url."),
			"message": field(framework.TypeString, "The enrolment, as the device made it."),
		}),
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.unauthenticated(b.postEnrolment), Summary: "Answer an invitation, once. Needs the ticket, no Vault token.",
				Responses: answers("Taken.", fields{
					"state": required(framework.TypeString, "State of the invitation."),
					"init":  required(framework.TypeString, initAbout),
				}),
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
				Responses: answers("The state.", fields{
					"state": required(framework.TypeString, "waiting, answered, admitted or expired."),
					"init":  required(framework.TypeString, initAbout),
				}),
			},
		},
		HelpSynopsis: "How far an enrolment has come.", HelpDescription: enrollHelp,
	}
}

func (b *broker) postEnrolment(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	id, err := idField(data, "id")
	if err != nil {
		return nil, err
	}
	token, err := tokenField(data)
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
	kit, err := kitField(data)
	if err != nil {
		return nil, err
	}
	lock := locksutil.LockForKey(b.locks, enrolmentPrefix+id.String())
	lock.Lock()
	defer lock.Unlock()
	e, err := b.answerEnrolment(ctx, id, token, text, kit)
	if err != nil {
		return nil, err
	}
	return b.enrolmentForDevice(ctx, e)
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
	return b.enrolmentForDevice(ctx, e)
}

// enrolmentForDevice is how far an enrolment has come, as a device without a
// token is told.
func (b *broker) enrolmentForDevice(ctx context.Context, e *enrolment) (*logical.Response, error) {
	state, err := b.enrolmentState(ctx, e)
	if err != nil {
		return nil, err
	}
	return b.withInit(ctx, map[string]any{"state": state})
}

// tokenField returns a post token; the caller wipes it.
func tokenField(data *framework.FieldData) (*envelope.Key, error) {
	var shown envelope.Bytes
	if err := shown.UnmarshalText([]byte(data.Get("token").(string))); err != nil {
		return nil, err
	}
	defer envelope.Wipe(shown)
	return envelope.KeyFrom(shown)
}

// certifies says whether a certificate is a device's.
func certifies(s envelope.Signed, d *roster.Device) bool {
	c, err := envelope.Peek[keyring.Certificate](s, envelope.TypeCertificate)
	return err == nil && c.Device == d.Device
}
