package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// policyData is one policy, and what becomes of it with the people in force.
type policyData struct{ session *session }

var (
	_ datasource.DataSourceWithConfigure      = (*policyData)(nil)
	_ datasource.DataSourceWithValidateConfig = (*policyData)(nil)
)

func newPolicyData() datasource.DataSource { return &policyData{} }

// Metadata names the data source.
func (*policyData) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_policy"
}

// Schema describes the data source.
func (*policyData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	either := func(about string, forms ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: about, Validators: forms}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A policy in force, by `name`, by `id`, or by a path that it is `effective_for`: who may approve a release, whether they are enough, and what would receive it. " +
			"The organisation's log says so, which this provider has verified. Within a run that changes the policy, give it a `depends_on`.",
		Attributes: map[string]schema.Attribute{
			"id":   either("Id of the policy."),
			"name": either("Name of the policy.", nameForm{}),
			"effective_for": schema.StringAttribute{
				Optional: true, Validators: []validator.String{pathForm{}},
				MarkdownDescription: "Path of a secret, such as `prod/db`, which need not exist: of the policies whose patterns match it, the most specific alone is in force.",
			},
			"path":         readText("Pattern of the paths that it is for."),
			"requirements": readEach("What must be met, all of it. Break-glass, where there is one, is apart.", standingSchema()),
			"break_glass": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "The other way in; null where there is none.", Attributes: standingSchema(),
			},
			"covered":          readFlag("Whether there are enough people for secrets to be written."),
			"coverage":         readText("Why there are not; empty where there are."),
			"authors":          readEach("The consumers in force that may write.", recipientSchema()),
			"releases_to":      readEach("The consumers in force that would receive what is released.", recipientSchema()),
			"refused_factors":  readTexts("People whose keyring opens with one of these do not count."),
			"lease_ttl":        readText("How long a release holds."),
			"lease_max":        readText("The longest lease that a requester may ask for."),
			"request_ttl":      readText("How long a request may wait."),
			"self_approval":    readFlag("Whether people may approve what they asked for themselves."),
			"minimum_coverage": readNumber("How many people each requirement may lose and still be met."),
			"match_code":       readFlag("Whether approvers must type the code that the requester sees."),
			"consent_first":    readFlag("Whether shares are released only after enough people consented."),
		},
	}
}

func recipientSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": readText("Id of the consumer."), "name": readText("Its name."),
		"kind": readText("`host`, `ci`, `terraform` or `mount`; through a mount, plaintext passes."),
	}
}

func standingSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name":        readText("Name of the requirement."),
		"m":           readNumber("How many distinct people it takes."),
		"approvers":   readTexts("Ids of the approvers whom it names."),
		"groups":      readTexts("Ids of the groups that it names."),
		"people":      readTexts("Names of the people who count for it."),
		"elsewhere":   readTexts("Names of those who would, but count for another requirement: a person counts for one."),
		"recoverable": readNumber("How many of the people have a recovery factor."),
		"meets":       readFlag("Whether it is met after as many losses as the policy expects."),
	}
}

// Configure takes over what the provider was configured with.
func (d *policyData) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig wants exactly one way to find the policy.
func (d *policyData) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var m policyDataModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	given := 0
	for _, way := range []types.String{m.ID, m.Name, m.EffectiveFor} {
		if !way.IsNull() {
			given++
		}
	}
	if given != 1 {
		resp.Diagnostics.AddError("Which policy?", "Give exactly one of name, id and effective_for.")
	}
}

// Read finds the policy and says who counts for it.
func (d *policyData) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m policyDataModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	var at path.Path
	err := d.session.view(ctx, func(r *roster.Roster) (err error) {
		var p *roster.Policy
		if p, at, err = m.find(r); err == nil {
			m.show(r, p)
		}
		return err
	})
	switch {
	case errors.Is(err, roster.ErrNoPolicy), errors.Is(err, roster.ErrUnknown), errors.Is(err, roster.ErrPath):
		resp.Diagnostics.AddAttributeError(at, "No such policy", fmt.Sprintf("%s. `data.stillvault_roster` lists those that are in force.", err))
	case err != nil:
		resp.Diagnostics.AddError("Cannot read the policy", err.Error())
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// find is the policy that is asked for, and the attribute that asks.
func (m *policyDataModel) find(r *roster.Roster) (*roster.Policy, path.Path, error) {
	if !m.EffectiveFor.IsNull() {
		p, err := r.PolicyFor(m.EffectiveFor.ValueString())
		return p, path.Root("effective_for"), err
	}
	if !m.Name.IsNull() {
		p, err := r.PolicyNamed(m.Name.ValueString())
		return p, path.Root("name"), err
	}
	id, err := envelope.ParseID(m.ID.ValueString())
	if err != nil {
		return nil, path.Root("id"), fmt.Errorf("%w: %w", roster.ErrUnknown, err)
	}
	p, err := r.Policy(id)
	return p, path.Root("id"), err
}

func factorTexts(factors []keyring.FactorKind) []string {
	texts := []string{}
	for _, f := range factors {
		texts = append(texts, string(f))
	}
	return texts
}
