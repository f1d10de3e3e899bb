package backend

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

func (b *broker) pathConfig() *framework.Path {
	return &framework.Path{
		Pattern:      "config",
		DisplayAttrs: display("configuration"),
		Fields: fields{
			"organisation":       field(framework.TypeString, "The organisation's id, 64 hexadecimal digits. The first one written is pinned for good."),
			"default_wait":       field(framework.TypeDurationSecond, "How long a read waits for approvers before it asks to be repeated, where it does not say so itself: 1s to 55s, default 50s."),
			"max_pending_entity": field(framework.TypeInt, "How many requests of one requester may wait at once, default 8."),
			"max_pending":        field(framework.TypeInt, "How many requests may wait at once in this mount, default 20000."),
			"cooldown":           field(framework.TypeDurationSecond, "How long a requester cannot ask again for a path after a denial: 1s to 24h, default 5m."),
			"public_url":         field(framework.TypeString, "Where approvers reach the phone app: https and a host name, for passkeys belong to one; http with localhost for tests."),
			"drain":              field(framework.TypeBool, "While true, everything that waits returns at once and nothing starts to wait. Set it before a step-down, seal or reload; it ends with the plug-in's process."),
		},
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readConfig, Summary: "Read the mount's settings.",
				Responses: answers("The settings.", configFields()),
			},
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.updateConfig, Summary: "Change the mount's settings; fields that are not given stay.",
				Responses: answers("The settings as they are now.", configFields()),
			},
		},
		HelpSynopsis: "What administrators set: the organisation, limits, and draining.",
		HelpDescription: `
The organisation's id is pinned by the first write and never changes: whoever
could change it could put another organisation's approvers in place. Durations
are answered in seconds.`,
	}
}

func configFields() fields {
	return fields{
		"organisation":       required(framework.TypeString, "The pinned organisation's id, empty before it is pinned."),
		"default_wait":       required(framework.TypeInt, "Seconds that a read waits."),
		"max_pending_entity": required(framework.TypeInt, "Waiting requests of one requester."),
		"max_pending":        required(framework.TypeInt, "Waiting requests in this mount."),
		"cooldown":           required(framework.TypeInt, "Seconds after a denial."),
		"public_url":         required(framework.TypeString, "Where approvers reach the phone app."),
		"drain":              required(framework.TypeBool, "Whether the mount is draining."),
	}
}

func (b *broker) readConfig(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	c, err := b.config(ctx)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"organisation": idText(c.Organisation), "default_wait": c.DefaultWait, "max_pending_entity": c.MaxPendingEntity,
		"max_pending": c.MaxPending, "cooldown": c.Cooldown, "public_url": c.PublicURL, "drain": b.draining.Load(),
	}}, nil
}

func (b *broker) updateConfig(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := b.setConfig(ctx, func(c *settingsEntry) error { return changeSettings(c, data) }); err != nil {
		return nil, err
	}
	if drain, given := data.GetOk("drain"); given {
		b.drain(drain.(bool))
	}
	return b.readConfig(ctx, req, data)
}

// changeSettings applies the fields that were given.
func changeSettings(c *settingsEntry, data *framework.FieldData) error {
	if text, given := data.GetOk("organisation"); given {
		id, err := envelope.ParseHash(text.(string))
		if err != nil || id.IsZero() {
			return fmt.Errorf("organisation wants 64 lower-case hexadecimal digits: %w", errInput)
		}
		if !c.Organisation.IsZero() && c.Organisation != id {
			return errPinned
		}
		c.Organisation = id
	}
	if err := changeDuration(&c.DefaultWait, data, "default_wait", time.Second, maxWait); err != nil {
		return err
	}
	if err := changeDuration(&c.Cooldown, data, "cooldown", minCooldown, maxCooldown); err != nil {
		return err
	}
	if err := changeCount(&c.MaxPendingEntity, data, "max_pending_entity"); err != nil {
		return err
	}
	if err := changeCount(&c.MaxPending, data, "max_pending"); err != nil {
		return err
	}
	if text, given := data.GetOk("public_url"); given {
		if err := checkPublicURL(text.(string)); err != nil {
			return err
		}
		c.PublicURL = text.(string)
	}
	return nil
}

func changeDuration(to *uint32, data *framework.FieldData, name string, least, most time.Duration) error {
	seconds, given := data.GetOk(name)
	if !given {
		return nil
	}
	if d := time.Duration(seconds.(int)) * time.Second; d < least || d > most {
		return fmt.Errorf("%s wants %s to %s: %w", name, least, most, errInput)
	}
	*to = uint32(seconds.(int))
	return nil
}

// mostPending bounds the caps that can be set.
const mostPending = 1000000

func changeCount(to *uint32, data *framework.FieldData, name string) error {
	n, given := data.GetOk(name)
	if !given {
		return nil
	}
	if n.(int) < 1 || n.(int) > mostPending {
		return fmt.Errorf("%s wants 1 to %d: %w", name, mostPending, errInput)
	}
	*to = uint32(n.(int))
	return nil
}
