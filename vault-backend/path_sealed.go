package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/secret"
)

func (b *broker) pathSealed() *framework.Path {
	return &framework.Path{
		Pattern:      "sealed/(?P<path>.+)",
		DisplayAttrs: display("sealed-secret"),
		Fields: fields{
			"path":    field(framework.TypeString, "The secret's path."),
			"version": field(framework.TypeString, "On writing: the sealed version, as its author made it. On reading: a version's number, the current one if it is not given."),
			"cas":     field(framework.TypeInt64, "On writing: the current version's number, 0 for a new secret."),
			"since":   field(framework.TypeInt64, "On reading: the version that the caller remembers; the headers between are answered too."),
		},
		ExistenceCheck: b.secretExists,
		Operations: operations{
			logical.CreateOperation: &framework.PathOperation{
				Callback: b.writeSealed, Summary: "Store a version that its author sealed.", Responses: answers("The new version.", writtenFields()),
			},
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.writeSealed, Summary: "Store a version that its author sealed.", Responses: answers("The new version.", writtenFields()),
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readSealed, Summary: "Read a version as it is sealed; nobody is prompted.",
				Responses: answers("The sealed version.", fields{
					"version":   required(framework.TypeString, "The sealed version."),
					"number":    required(framework.TypeInt64, "Its number."),
					"chain":     required(framework.TypeStringSlice, "Signed headers of the versions after since and before this one."),
					"head_seq":  required(framework.TypeInt64, "Number of the last statement of the organisation's log."),
					"head_hash": required(framework.TypeString, "Hash of that statement."),
					"mount_id":  required(framework.TypeString, "The mount's id."),
				}),
			},
		},
		HelpSynopsis: "Secrets as ciphertext: the broker never sees their value.",
		HelpDescription: `
What is written here must be signed by an author whom the policy names, follow
the current version, and be sealed to the people whom the policy names today. The
same version twice succeeds.`,
	}
}

func (b *broker) writeSealed(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	if _, given := req.Data["since"]; given {
		return nil, fmt.Errorf("\"since\" is for reading: %w", errUnknownField)
	}
	v, err := message[secret.Version](data, "version", maxEntry)
	if err != nil {
		return nil, err
	}
	expected, err := casOf(req.Data["cas"])
	if err != nil {
		return nil, err
	}
	var w *written
	err = b.change(ctx, path, func(r *record) error {
		if current := r.current(); current != nil && current.Header == v.Header.Hash() {
			w, err = b.writtenAs(ctx, current, r.Secret)
			return err
		}
		if err := expected.check(r); err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		w, err = b.takeSealed(ctx, path, r, &v, req.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return w.response(), nil
}

func (b *broker) readSealed(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	if _, given := req.Data["cas"]; given {
		return nil, fmt.Errorf("\"cas\" is for writing: %w", errUnknownField)
	}
	wanted, err := versionNumber(data.Get("version").(string))
	if err != nil {
		return nil, err
	}
	since, err := number(data, "since", 0, 0)
	if err != nil {
		return nil, err
	}
	lock := locksutil.LockForKey(b.locks, path)
	lock.RLock()
	defer lock.RUnlock()
	v, n, err := b.version(ctx, path, wanted)
	if err != nil {
		return nil, err
	}
	text, err := encodedText(v)
	if err != nil {
		return nil, err
	}
	chain, err := b.chainTexts(ctx, path, since, n)
	if err != nil {
		return nil, err
	}
	me, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	resp := &logical.Response{Data: map[string]any{"version": text, "number": n, "chain": chain, "mount_id": me.id.String()}}
	return resp, b.addHead(ctx, resp.Data)
}

// chainTexts returns the headers between two versions as texts; none for a
// caller that remembers nothing.
func (b *broker) chainTexts(ctx context.Context, path string, since, until uint64) ([]string, error) {
	chain := []string{}
	if since == 0 {
		return chain, nil
	}
	headers, err := b.chain(ctx, path, since, until)
	if err != nil {
		return nil, err
	}
	for _, h := range headers {
		text, err := encodedText(h)
		if err != nil {
			return nil, err
		}
		chain = append(chain, text)
	}
	return chain, nil
}
