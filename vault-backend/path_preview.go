package backend

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
)

// Limits of one call: the longest body of a statement, in bytes, and how many there
// may be.
const (
	maxPreviewed         = 256 << 10
	maxPreviewedTogether = 100
)

func (b *broker) pathPreview() *framework.Path {
	paths := func(what string) *framework.FieldSchema {
		return required(framework.TypeStringSlice, "Secrets that "+what+", and are not so now.")
	}
	return &framework.Path{
		Pattern:      "preview",
		DisplayAttrs: display("preview"),
		Fields: fields{
			"kind":   field(framework.TypeString, "Kind of the statement, such as approver.revoke."),
			"body":   field(framework.TypeString, "Body of the statement, as the signer would sign it."),
			"kinds":  field(framework.TypeStringSlice, fmt.Sprintf("Instead of kind: those of several statements, at most %d, which would be appended together.", maxPreviewedTogether)),
			"bodies": field(framework.TypeStringSlice, "Instead of body: theirs, in the same order."),
		},
		Operations: operations{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: b.preview, Summary: "Say what a statement would do to the secrets, if it were signed and appended next.",
				DisplayAttrs: verb("preview"),
				Responses: answers("What it would do.", fields{
					"lost":        paths("nobody could open or share anew"),
					"one_device":  paths("would rest on one device"),
					"uncovered":   paths("losing too few people would lose"),
					"exposed":     paths("somebody outside the policy would have held a share of"),
					"disbelieved": paths("every reader would refuse, since their author's key is compromised"),
					"unruled":     paths("no policy would cover, so that nobody could release them until one does; they are not named as uncovered besides"),
					"deserted":    paths("nobody could receive, since none of the consumers that their policy names would be in force"),
					"unproven":    required(framework.TypeStringSlice, "Secrets whose new shares have not proven themselves, and of which too few people would be left to go back to the shares from before."),
					"reshare":     required(framework.TypeInt, "How many versions would have to be shared anew because of it."),
					"policies":    required(framework.TypeStringSlice, "Names of the policies under which they are."),
					"by":          required(framework.TypeSlice, "Who would be asked to deal: approver, name, versions."),
					"pending":     required(framework.TypeInt, "How many versions wait for being shared anew already."),
					"unmeetable":  required(framework.TypeStringSlice, "Names of policies that too few distinct people would be left for."),
				}),
			},
		},
		HelpSynopsis: "What a statement would do to the secrets.",
		HelpDescription: `
Nothing is changed and nothing signed. The statement is checked as org/log would
check it, but for the signature. Of several, it is said what they do together. Run it before somebody is revoked, or a group or
policy changed: a secret in "lost" is lost for good by that, one in "unruled" or
"deserted" until a policy says again who may release it and to what. One in "unproven" would
be if somebody lied when it was shared anew: read it once before, so that the new
shares prove themselves.`,
	}
}

func (b *broker) preview(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	kinds, bodies, err := proposed(data)
	if err != nil {
		return nil, err
	}
	if err := b.index.load(ctx, b); err != nil {
		return nil, err
	}
	var shown map[string]any
	err = b.withRoster(ctx, func(now *roster.Roster) error {
		then := now.Draft()
		for i, kind := range kinds {
			if err := then.Add(kind, bodies[i], b.now()); err != nil {
				return err
			}
		}
		shown = b.compare(kinds, now, then.Roster())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: shown}, nil
}

// proposed reads the statements of a call: one, or several.
func proposed(data *framework.FieldData) ([]roster.Kind, []json.RawMessage, error) {
	kinds, bodies := []string{data.Get("kind").(string)}, []string{data.Get("body").(string)}
	if _, several := data.GetOk("kinds"); several && kinds[0] == "" && bodies[0] == "" {
		kinds, bodies = data.Get("kinds").([]string), data.Get("bodies").([]string)
	} else if several {
		return nil, nil, fmt.Errorf("\"kinds\" and \"bodies\" stand for \"kind\" and \"body\", not beside them: %w", errInput)
	}
	if len(kinds) == 0 || len(kinds) != len(bodies) || len(kinds) > maxPreviewedTogether {
		return nil, nil, fmt.Errorf("\"kinds\" and \"bodies\" want as many of each, 1 to %d: %w", maxPreviewedTogether, errInput)
	}
	named, read := make([]roster.Kind, len(kinds)), make([]json.RawMessage, len(kinds))
	for i, kind := range kinds {
		if kind == "" || len(bodies[i]) > maxPreviewed || !json.Valid([]byte(bodies[i])) {
			return nil, nil, fmt.Errorf("\"kind\" wants a statement's kind, \"body\" its JSON text of at most %d bytes: %w", maxPreviewed, errInput)
		}
		named[i], read[i] = roster.Kind(kind), json.RawMessage(bodies[i])
	}
	return named, read, nil
}
