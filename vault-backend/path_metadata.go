package backend

import (
	"context"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

func (b *broker) pathMetadata() *framework.Path {
	return &framework.Path{
		Pattern:      "metadata/(?P<path>.*)",
		DisplayAttrs: display("metadata"),
		Fields:       fields{"path": field(framework.TypeString, "The secret's path.")},
		Operations: operations{
			logical.ReadOperation: &framework.PathOperation{
				Callback: b.readMetadata, Summary: "Read what is known of a secret; nobody is prompted.",
				Responses: answers("The secret's metadata.", fields{
					"secret_id":       required(framework.TypeString, "The secret's id."),
					"current_version": required(framework.TypeInt64, "Number of the current version."),
					"policy":          required(framework.TypeString, "Name of the policy that covers the path now, empty if none does."),
					"coverage":        required(framework.TypeSlice, "Who can still release the current version: requirement, m, people, recoverable, meets."),
					"stale":           required(framework.TypeBool, "Whether the policy asks for others than those the current version is shared among."),
					"versions":        required(framework.TypeMap, "By number: header (hash), created_time, deletion_time, destroyed, author, policy, epoch, proven, shares, former, lost, one_device, uncovered, stale, exposed, disbelieved, rotate."),
				}),
			},
			logical.ListOperation: &framework.PathOperation{
				Callback: b.listSecrets, Summary: "List the secrets under a path.", Responses: listed("Names; folders end in a slash."),
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: b.deleteMetadata, Summary: "Remove a secret with all its versions for good.", Responses: nothing("Removed."),
			},
		},
		HelpSynopsis: "What is known of secrets without opening them.",
		HelpDescription: `
Each version is told how it stands by itself, for each is shared by itself:
"lost" if fewer people hold a share than its own quorum wants, so that nobody can
open it or share it anew; "one_device" if losing one device would lose a
requirement; "uncovered" if losing as many people as the policy expects to lose
would; "stale" if the policy asks for others than those who hold its shares, and a
re-share waits. "epoch" counts the re-shares; "proven" says how many of its
"shares" have opened it since the last one, and "former" whether those before are
still kept.

"exposed" says of a version that somebody who is not among the policy's people
any more holds a share of it, or that an approver's keyring was replaced since.
They are served nothing any more, but may hold a copy: write the secret again,
with a changed credential.

"disbelieved" says of a version that its author's key is known to be
compromised. Every reader refuses it: write the secret again from an allowed
author.

"rotate" says that break-glass was used for a version: change the credential and
write the secret again.`,
	}
}

func (b *broker) readMetadata(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	r, err := b.loadRecord(ctx, path)
	if err != nil || r == nil {
		return nil, err
	}
	var shown map[string]any
	err = b.withRoster(ctx, func(org *roster.Roster) error {
		shown = showRecord(org, path, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: shown}, nil
}

func showRecord(org *roster.Roster, path string, r *record) map[string]any {
	a := reshare.NewAppraiser(org)
	current := r.current()
	now := current.standing(a, path)
	shown := map[string]any{
		"secret_id": r.Secret.String(), "current_version": current.Number,
		"policy": "", "coverage": []any{}, "stale": now.Stale && !current.Destroyed,
	}
	if now.Policy != nil {
		shown["policy"] = now.Policy.Name
		shown["coverage"] = coverageView(now.Policy, now.Coverage)
	}
	versions := map[string]any{}
	for i := range r.Versions {
		versions[strconv.FormatUint(r.Versions[i].Number, 10)] = showVersion(a, path, &r.Versions[i])
	}
	shown["versions"] = versions
	return shown
}

func showVersion(a *reshare.Appraiser, path string, v *versionRecord) map[string]any {
	org := a.Roster()
	policy := v.Policy.String()
	if p, err := org.Policy(v.Policy); err == nil {
		policy = p.Name
	}
	now := v.standing(a, path)
	there := !v.Destroyed
	proven, shares := v.Proven()
	return map[string]any{
		"header": v.Header.String(), "created_time": shownTime(v.Created), "deletion_time": shownTime(v.Deleted), "destroyed": v.Destroyed,
		"author": consumerName(org, v.Author), "policy": policy,
		"epoch": v.Epoch, "proven": proven, "shares": shares, "former": v.HoldsFormer(),
		"lost": there && now.Lost, "one_device": there && now.OneDevice, "uncovered": there && !now.Covered, "stale": there && now.Stale,
		"exposed": now.Exposed, "disbelieved": now.Disbelieved, "rotate": v.Rotate,
	}
}

// deleteMetadata removes a secret. Where its metadata is gone already, what an
// earlier call left behind is removed.
func (b *broker) deleteMetadata(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	path := data.Get("path").(string)
	return nil, b.change(ctx, path, func(r *record) error {
		if r == nil {
			return b.removeVersions(ctx, path, func(envelope.ID) bool { return true })
		}
		return b.removeNow(ctx, removalPurge, removal{Path: path, Secret: r.Secret, Versions: []uint64{}})
	})
}
