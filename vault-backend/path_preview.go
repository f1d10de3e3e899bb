package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// maxPreviewed is the longest body of a statement, in bytes.
const maxPreviewed = 256 << 10

func (b *broker) pathPreview() *framework.Path {
	paths := func(what string) *framework.FieldSchema {
		return required(framework.TypeStringSlice, "Secrets that "+what+", and are not so now.")
	}
	return &framework.Path{
		Pattern:      "preview",
		DisplayAttrs: display("preview"),
		Fields: fields{
			"kind": field(framework.TypeString, "Kind of the statement, such as approver.revoke."),
			"body": field(framework.TypeString, "Body of the statement, as the signer would sign it."),
		},
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.preview, Summary: "Say what a statement would do to the secrets, if it were signed and appended next.",
				DisplayAttrs: verb("preview"),
				Responses: answers("What it would do.", fields{
					"lost":       paths("nobody could open or share anew"),
					"one_device": paths("would rest on one device"),
					"uncovered":  paths("losing too few people would lose"),
					"exposed":    paths("somebody outside the policy would have held a share of"),
					"unproven":   required(framework.TypeStringSlice, "Secrets whose new shares have not proven themselves, and of which too few people would be left to go back to the shares from before."),
					"reshare":    required(framework.TypeInt, "How many versions would have to be shared anew because of it."),
					"policies":   required(framework.TypeStringSlice, "Names of the policies under which they are."),
					"by":         required(framework.TypeSlice, "Who would be asked to deal: approver, name, versions."),
					"pending":    required(framework.TypeInt, "How many versions wait for being shared anew already."),
					"unmeetable": required(framework.TypeStringSlice, "Names of policies that too few distinct people would be left for."),
				}),
			},
		},
		HelpSynopsis: "What a statement would do to the secrets.",
		HelpDescription: `
Nothing is changed and nothing signed. The statement is checked as org/log would
check it, but for the signature. Run it before somebody is revoked, or a group or
policy changed: a secret in "lost" is lost for good by that. One in "unproven" would
be if somebody lied when it was shared anew: read it once before, so that the new
shares prove themselves.`,
	}
}

func (b *broker) preview(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	kind, body := roster.Kind(data.Get("kind").(string)), data.Get("body").(string)
	if kind == "" || len(body) > maxPreviewed || !json.Valid([]byte(body)) {
		return nil, fmt.Errorf("\"kind\" wants a statement's kind, \"body\" its JSON text of at most %d bytes: %w", maxPreviewed, errInput)
	}
	if err := b.index.load(ctx, b); err != nil {
		return nil, err
	}
	var shown map[string]any
	err := b.withRoster(ctx, func(now *roster.Roster) error {
		then, err := now.Preview(kind, json.RawMessage(body), b.now())
		if err != nil {
			return err
		}
		shown = b.compare(now, then)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: shown}, nil
}

// previewed are the kinds of which a preview names the secrets, by status field.
var previewed = []string{"lost", "one_device", "uncovered", "exposed"}

// compare says what the secrets would lose under another roster. Each version is
// compared with itself: that an old one is lost already must not hide the loss of
// another.
func (b *broker) compare(now, then *roster.Roster) map[string]any {
	before, after := reshare.NewAppraiser(now), reshare.NewAppraiser(then)
	named := map[string][]string{"unproven": {}}
	for _, field := range previewed {
		named[field] = []string{}
	}
	b.index.each(func(path string, s *stock) {
		for field := range s.losses(before, after, path) {
			named[field] = append(named[field], path)
		}
	})
	shown := map[string]any{}
	for field, paths := range named {
		slices.Sort(paths)
		shown[field] = paths
	}
	f := reshare.Foretell(before, after, stocked{b}.Each)
	shown["reshare"], shown["policies"], shown["by"] = f.Versions, f.Policies, peopleView(f.People)
	shown["pending"], shown["unmeetable"] = f.Pending, f.Unmeetable
	return shown
}

// losses returns what is wrong with some version after, and is not before. Of those
// that are deleted and could be undeleted, it looks at what no undeletion would cure.
func (s *stock) losses(before, after *reshare.Appraiser, path string) map[string]bool {
	found := map[string]bool{}
	s.readable(func(v *versionRecord, latest bool) {
		was, will := v.standing(before, path), v.standing(after, path)
		for _, kind := range statusKinds {
			if (latest || kind.older) && slices.Contains(previewed, kind.field) && kind.is(v, will) && !kind.is(v, was) {
				found[kind.field] = true
			}
		}
		// That its break-glass people are left does not make up for the others, also
		// where it waits for a re-share and is uncovered for that reason already.
		if before.Ordinary(&v.Shares) && !after.Ordinary(&v.Shares) && !found["lost"] {
			found["uncovered"] = true
		}
		if after.Unguarded(&v.Shares) && !before.Unguarded(&v.Shares) {
			found["unproven"] = true
		}
	})
	for i := range s.versions {
		if v := &s.versions[i]; v.readable() != nil && after.Lost(&v.Shares) && !before.Lost(&v.Shares) {
			found["lost"] = true
		}
	}
	return found
}
