package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

const secretPrefix = "secret/"

func (b *broker) pathSecret() *framework.Path {
	return &framework.Path{
		Pattern:             "secret/(?P<path>.*)",
		DisplayAttrs:        display("secret"),
		TakesArbitraryInput: true,
		Fields: fields{
			"path":    field(framework.TypeString, "The secret's path."),
			"cas":     field(framework.TypeInt64, "On writing: the current version's number, 0 for a new secret; the write is refused if it is another."),
			"wait":    field(framework.TypeDurationSecond, "On reading: how long to wait for approvers, 0s to 55s, default as configured."),
			"reason":  field(framework.TypeString, "On reading: why, as approvers are shown it; at most 512 bytes."),
			"version": field(framework.TypeString, "On reading: the version's number, the current one if it is not given."),
		},
		ExistenceCheck: b.secretExists,
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readSecret, Summary: "Read a secret: waits until approvers have answered.",
				Description: "Takes wait, reason, version, lease (how long the value is needed, such as 15m) and break_glass (asks those whom the policy names for an emergency, with a reason, and tells everybody). When the wait ends first, the same command again keeps waiting and prompts nobody again.",
				Responses:   answers("The secret's keys under data, with lease_duration; written as a raw body, which Vault does not store.", nil),
			},
			logical.CreateOperation: &framework.PathOperation{
				Callback: b.writeSecret, Summary: "Store a secret.", Responses: answers("The new version.", writtenFields()),
			},
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.writeSecret, Summary: "Store a new version of a secret.",
				Description: "Takes any JSON object; cas is an instruction, and the keys wait, reason, version and code are refused.",
				Responses:   answers("The new version.", writtenFields()),
			},
			logical.ListOperation: &framework.PathOperation{
				Callback: b.listSecrets, Summary: "List the secrets under a path.", Responses: listed("Names; folders end in a slash."),
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: b.deleteSecret, Summary: "Delete a secret's current version; it can be undeleted.", Responses: nothing("Deleted."),
			},
		},
		HelpSynopsis: "Secrets that are sealed to people: a read waits until they approve.",
		HelpDescription: `
A write is encrypted at once to the people whom the policy names; Vault keeps no
plaintext of it. It is refused where the policy does not name this mount as an
author, and where losing one person would lose the secret; then "stillvault put"
on an author's own machine is the way.

A read attaches to what the same requester asked for before, answers before
clients give up, and gives the value again for a minute after it was first handed
out. It is never wrapped, for Vault would store it.

Numbers must be such that float64 holds them exactly, for Vault hands them to
plug-ins as such. A secret takes at most 512 KiB of JSON.`,
	}
}

func writtenFields() fields {
	return fields{
		"version":      required(framework.TypeInt64, "The version's number."),
		"created_time": required(framework.TypeString, "When it was written."),
		"secret_id":    required(framework.TypeString, "The secret's id."),
		"policy":       required(framework.TypeString, "Name of the policy that it is sealed under."),
	}
}

func (w *written) response() *logical.Response {
	return &logical.Response{Data: map[string]any{
		"version": w.record.Number, "created_time": shownTime(w.record.Created),
		"secret_id": w.secret.String(), "policy": w.policy,
	}}
}

func (b *broker) secretExists(ctx context.Context, _ *logical.Request, data *framework.FieldData) (bool, error) {
	path := data.Get("path").(string)
	if checkPath(path) != nil {
		return false, nil // the write itself says what is wrong
	}
	r, err := b.loadRecord(ctx, path)
	return r != nil, err
}

// writeSecret seals what the request brought. The plaintext is in this process
// from Vault's message until here; the copy that is made of it is wiped, and the
// request lets go of the rest.
func (b *broker) writeSecret(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	expected, err := casOf(req.Data["cas"])
	if err != nil {
		return nil, err
	}
	value, err := valueOf(req.Data)
	clear(req.Data)
	clear(data.Raw)
	if err != nil {
		return nil, err
	}
	defer envelope.Wipe(value)
	var w *written
	err = b.change(ctx, path, func(r *record) error {
		if again := r.writtenBy(req.ID); again != nil {
			w, err = b.writtenAs(ctx, again, r.Secret)
			return err
		}
		if err := expected.check(r); err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		w, err = b.sealValue(ctx, path, r, value, req.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return w.response(), nil
}

// writtenBy returns the current version if this very call wrote it before.
func (r *record) writtenBy(call string) *versionRecord {
	if v := r.current(); v != nil && call != "" && v.Call == call {
		return v
	}
	return nil
}

// cas is what a write expects the current version to be; unset for anything.
type cas struct {
	set     bool
	version uint64
}

func casOf(v any) (cas, error) {
	if v == nil {
		return cas{}, nil
	}
	one := &framework.FieldData{Raw: map[string]any{"cas": v}, Schema: fields{"cas": field(framework.TypeInt64, "")}}
	n := one.Get("cas").(int64)
	if n < 0 {
		return cas{}, fmt.Errorf("\"cas\" wants the current version's number, 0 for a new secret: %w", errInput)
	}
	return cas{set: true, version: uint64(n)}, nil
}

// check compares as KV v2 does: a deleted version is still the current one.
func (c cas) check(r *record) error {
	current := r.current()
	switch {
	case !c.set:
		return nil
	case current == nil && c.version != 0:
		return fmt.Errorf("cas is %d, nothing is stored: %w", c.version, errCAS)
	case current != nil && c.version == 0:
		return fmt.Errorf("the current version is %d: %w", current.Number, errCASMissing)
	case current != nil && c.version != current.Number:
		return fmt.Errorf("cas is %d, the current version %d: %w", c.version, current.Number, errCAS)
	}
	return nil
}

func (b *broker) listSecrets(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	folder, err := folderOf(data.Get("path").(string))
	if err != nil {
		return nil, err
	}
	keys, err := b.storage.List(ctx, recordPrefix+folder)
	if err != nil {
		return nil, fmt.Errorf("list secrets: %w", err)
	}
	return logical.ListResponse(keys), nil
}

// folderOf returns the prefix that a list stands for, empty or ending in a slash.
func folderOf(path string) (string, error) {
	if path == "" || path == "/" {
		return "", nil
	}
	if path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	return path + "/", checkPath(path)
}

func (b *broker) deleteSecret(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	return nil, b.change(ctx, path, func(r *record) error {
		v := r.current()
		if v == nil || v.Deleted != 0 || v.Destroyed {
			return nil
		}
		v.Deleted = envelope.At(b.now())
		return b.storeRecord(ctx, path, r)
	})
}
