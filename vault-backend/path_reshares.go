package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

const resharesHelp = `
When people or requirements of a policy change, what is stored under it is shared
anew by those who hold shares: as many of every requirement as the versions demand
themselves, so that a changed policy alone weakens nothing that is stored. Payload
and header stay as they are. The shares from before are kept until so many of the
new ones have opened their version that it stands the loss of as many people as the
policy says, and are then deleted.

Where a host says that somebody lied when they dealt ("suspected"), nothing is done
about it by itself, since it can prove that to nobody. Have others read the secret:
what opens it proves itself. If nobody can, take the shares back (delete).`

func (b *broker) pathReshares() []*framework.Path {
	return []*framework.Path{
		{
			Pattern:      "reshares/?",
			DisplayAttrs: display("reshares"),
			Operations: operations{
				logical.ListOperation: &framework.PathOperation{
					Callback: b.listReshares, Summary: "List the policies under which something is shared anew.",
					Responses: listed("Names of policies, with done, waiting, stuck, unproven and suspected."),
				},
			},
			HelpSynopsis: "What is being shared anew, by policy.", HelpDescription: resharesHelp,
		},
		{
			Pattern:      "reshares/(?P<policy>[^/]+)",
			DisplayAttrs: display("reshare"),
			Fields:       fields{"policy": field(framework.TypeString, "Name of the policy.")},
			Operations: operations{
				logical.ReadOperation: &framework.PathOperation{
					Callback: b.readReshare, Summary: "Read how far a re-share is.", Responses: answers("The re-share.", reshareFields()),
				},
				logical.DeleteOperation: &framework.PathOperation{
					Callback: b.abandonReshare, Summary: "Take back what is not proven yet, and ask for it again.",
					Description: "The shares from before are in force again, where their holders still are a quorum.",
					Responses: answers("Taken back.", fields{
						"abandoned": required(framework.TypeInt, "How many versions were taken back."),
					}),
					DisplayAttrs: verb("abandon"),
				},
				logical.UpdateOperation: &framework.PathOperation{
					Callback: b.acknowledgeSuspects, Summary: "Acknowledge what is said of dealers: it is not shown any more.",
					Responses: answers("Acknowledged.", fields{
						"acknowledged": required(framework.TypeInt, "Of how many versions somebody was suspected."),
					}),
					DisplayAttrs: verb("acknowledge"),
				},
			},
			HelpSynopsis: "One policy's re-share: from, to, who dealt, who is missing.", HelpDescription: resharesHelp,
		},
	}
}

func reshareFields() fields {
	return fields{
		"policy":     required(framework.TypeString, "Name of the policy."),
		"pattern":    required(framework.TypeString, "Pattern of the paths that it covers."),
		"request_id": required(framework.TypeString, "Id of the request to the approvers, empty without one."),
		"created":    required(framework.TypeString, "When they were asked."),
		"from":       required(framework.TypeStringSlice, "What the shares demand now; several where versions differ."),
		"to":         required(framework.TypeString, "What they will demand."),
		"people":     required(framework.TypeStringSlice, "Who will hold shares."),
		"total":      required(framework.TypeInt, "How many versions were to be shared anew since the mount started."),
		"done":       required(framework.TypeInt, "How many of them were."),
		"waiting":    required(framework.TypeInt, "How many still have to be."),
		"paths":      required(framework.TypeStringSlice, "Secrets that wait, the first 100."),
		"stuck":      required(framework.TypeStringSlice, "Secrets that too few people can share anew, the first 100."),
		"dealt":      required(framework.TypeSlice, "Who dealt: approver, name, versions."),
		"missing":    required(framework.TypeSlice, "Whose deals are wanted: approver, name, versions."),
		"unproven":   required(framework.TypeInt, "How many versions were shared anew and still keep the shares from before."),
		"proven":     required(framework.TypeInt, "How many of the new shares of those have opened their version."),
		"shares":     required(framework.TypeInt, "How many new shares of those there are."),
		"suspected":  required(framework.TypeSlice, "Who is said to have lied when they dealt: approver, name, path, version, epoch, by_host; the first 100."),
		"problem":    required(framework.TypeString, "Why nothing can be shared anew, empty otherwise."),
	}
}

func (b *broker) reshareViews(ctx context.Context) ([]reshare.View, error) {
	o, err := b.reshares(ctx)
	if err != nil {
		return nil, err
	}
	views, err := o.Views(ctx)
	if isUnready(err) {
		return nil, nil
	}
	return views, err
}

func (b *broker) listReshares(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	views, err := b.reshareViews(ctx)
	if err != nil {
		return nil, err
	}
	keys, info := listView(views, func(v reshare.View) (string, map[string]any) {
		return v.Name, map[string]any{"done": v.Done, "waiting": v.Waiting, "stuck": len(v.Stuck), "unproven": v.Unproven, "suspected": len(v.Suspected)}
	})
	return logical.ListResponseWithInfo(keys, info), nil
}

func (b *broker) readReshare(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	policy, err := b.policyField(ctx, data)
	if err != nil || policy == nil {
		return nil, err
	}
	views, err := b.reshareViews(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		if v.Policy == policy.ID {
			return &logical.Response{Data: showReshare(v)}, nil
		}
	}
	return nil, nil
}

func showReshare(v reshare.View) map[string]any {
	problem, request := "", ""
	if v.Cause != nil {
		problem = v.Cause.Error()
	}
	created := ""
	if !v.Request.IsZero() {
		request, created = v.Request.String(), shownTime(envelope.At(v.Created))
	}
	return map[string]any{
		"policy": v.Name, "pattern": v.Pattern, "request_id": request, "created": created,
		"from": append([]string{}, v.From...), "to": v.To, "people": append([]string{}, v.People...),
		"total": v.Done + v.Waiting, "done": v.Done, "waiting": v.Waiting,
		"paths": firstOf(v.Paths), "stuck": firstOf(v.Stuck), "dealt": peopleView(v.Dealt), "missing": peopleView(v.Missing),
		"unproven": v.Unproven, "proven": v.Proven, "shares": v.Shares, "suspected": suspectsView(v.Suspected), "problem": problem,
	}
}

func peopleView(all []reshare.Person) []any {
	shown := []any{}
	for _, p := range all {
		shown = append(shown, map[string]any{"approver": p.ID.String(), "name": p.Name, "versions": p.Versions})
	}
	return shown
}

func suspectsView(all []reshare.Suspicion) []any {
	shown := []any{}
	for _, s := range all[:min(len(all), maxNamed)] {
		shown = append(shown, map[string]any{
			"approver": s.Approver.String(), "name": s.Name, "path": s.Path, "version": s.Place.Version, "epoch": s.Epoch, "by_host": s.ByHost,
		})
	}
	return shown
}

// policyField returns the policy in force that a call names, nil if there is none.
func (b *broker) policyField(ctx context.Context, data *framework.FieldData) (*roster.Policy, error) {
	name := data.Get("policy").(string)
	if err := roster.CheckName(name); err != nil {
		return nil, err
	}
	var policy *roster.Policy
	err := b.withRoster(ctx, func(r *roster.Roster) (err error) {
		policy, err = r.PolicyNamed(name)
		return err
	})
	if isUnready(err) || errors.Is(err, roster.ErrUnknown) {
		return nil, nil
	}
	return policy, err
}

func (b *broker) abandonReshare(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	return b.forPolicy(ctx, data, "abandoned", (*reshare.Office).Abandon)
}

func (b *broker) acknowledgeSuspects(ctx context.Context, _ *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	return b.forPolicy(ctx, data, "acknowledged", (*reshare.Office).Acknowledge)
}

// forPolicy has the office do something under the policy that a call names.
func (b *broker) forPolicy(ctx context.Context, data *framework.FieldData, field string, do func(*reshare.Office, context.Context, envelope.ID) (int, error)) (*logical.Response, error) {
	policy, err := b.policyField(ctx, data)
	if err != nil {
		return nil, err
	}
	if policy == nil {
		return nil, errNoPolicyNamed
	}
	o, err := b.reshares(ctx)
	if err != nil {
		return nil, err
	}
	n, err := do(o, ctx, policy.ID)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{field: n}}, nil
}
