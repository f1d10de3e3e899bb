package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// groupResource is a group: a named set of approvers and groups.
type groupResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure      = (*groupResource)(nil)
	_ resource.ResourceWithValidateConfig = (*groupResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*groupResource)(nil)
	_ resource.ResourceWithImportState    = (*groupResource)(nil)
)

func newGroupResource() resource.Resource { return &groupResource{} }

type groupModel struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Approvers types.Set    `tfsdk:"approvers"`
	Groups    types.Set    `tfsdk:"groups"`
}

func (m *groupModel) thing() thing { return thing{"group", m.Name.ValueString()} }

// Metadata names the resource.
func (g *groupResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_group"
}

// Schema describes the resource.
func (g *groupResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A group: a set of approvers and other groups that policies name. " +
			"Policies bind its id, which stays when it is renamed; a group that is deleted and made again under the same name is another one.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Id of the group, for life.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name, unique among groups.", Validators: []validator.String{nameForm{}},
			},
			"approvers": optionalIDs("Ids of the approvers in it. None by default."),
			"groups":    optionalIDs("Ids of the groups in it, whose members are members of this one, too. None by default."),
		},
	}
}

// Configure takes over what the provider was configured with.
func (g *groupResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	g.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig refuses what is no id, as far as it is known.
func (g *groupResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config groupModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &config)...); resp.Diagnostics.HasError() {
		return
	}
	idsOf(ctx, path.Root("approvers"), config.Approvers, &resp.Diagnostics)
	idsOf(ctx, path.Root("groups"), config.Groups, &resp.Diagnostics)
	foreseeAbsent(path.Root("approvers"), config.Approvers, &resp.Diagnostics)
	foreseeAbsent(path.Root("groups"), config.Groups, &resp.Diagnostics)
}

// ModifyPlan notes that the group will be another, since what is said of policies that
// name it depends on that, and says what that does to secrets.
func (g *groupResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if g.session == nil || req.Plan.Raw.IsNull() || req.State.Raw.IsNull() || req.Plan.Raw.Equal(req.State.Raw) {
		return
	}
	var id types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	g.session.ahead.groupChanges(id.ValueString())
	var plan groupModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() || plan.Name.IsUnknown() {
		return
	}
	_, whole := idsOf(ctx, path.Root("approvers"), plan.Approvers, &resp.Diagnostics)
	_, all := idsOf(ctx, path.Root("groups"), plan.Groups, &resp.Diagnostics)
	if whole && all && !resp.Diagnostics.HasError() {
		g.session.foretell(ctx, plan.thing(), roster.KindGroupSet, plan.body(ctx, &resp.Diagnostics), &resp.Diagnostics)
	}
}

// Create signs a new group.
func (g *groupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan groupModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	plan.ID = types.StringValue(envelope.NewID().String())
	head, ok := g.set(ctx, stateless{}, &plan, nil, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Update signs what the group is from now on; its id stays.
func (g *groupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state groupModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	head, ok := g.set(ctx, req.Private, &plan, &state, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// set signs the group as planned. was is what it was planned on; nil where it is new.
func (g *groupResource) set(ctx context.Context, private privateReader, plan, was *groupModel, diags *diag.Diagnostics) (roster.Head, bool) {
	body := plan.body(ctx, diags)
	if diags.HasError() {
		return roster.Head{}, false
	}
	if absent(plan.Approvers) || absent(plan.Groups) {
		plan.thing().fail("set", g.session.errAbsent(ctx), diags)
		return roster.Head{}, false
	}
	build := func(r *roster.Roster) ([]orglog.Entry, error) {
		if known, err := r.GroupNamed(body.Name); err == nil && known.ID != body.ID {
			return nil, fmt.Errorf("group %q: %w", body.Name, errExists)
		}
		return []orglog.Entry{{Kind: roster.KindGroupSet, Body: body}}, nil
	}
	if was != nil {
		build = unlessChanged(was, plan, func(r *roster.Roster) (*groupModel, error) {
			is := *was
			return &is, shown(was.ID, (*roster.Roster).Group, is.show)(r)
		}, (*groupModel).same, build)
	}
	head, err := g.session.signSince(ctx, private, g.session.guarded(build))
	if err != nil {
		plan.thing().fail("set", err, diags)
		return head, false
	}
	return head, true
}

// body is the group as a statement says it.
func (m *groupModel) body(ctx context.Context, diags *diag.Diagnostics) roster.Group {
	id, err := envelope.ParseID(m.ID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("id"), "Not an id", err.Error())
	}
	approvers, _ := idsOf(ctx, path.Root("approvers"), m.Approvers, diags)
	groups, _ := idsOf(ctx, path.Root("groups"), m.Groups, diags)
	return roster.Group{ID: id, Name: m.Name.ValueString(), Members: principals(approvers, groups)}
}

// show takes over what the roster says of a group.
func (m *groupModel) show(g *roster.Group) {
	approvers, groups := apart(g.Members)
	m.Name, m.Approvers, m.Groups = types.StringValue(g.Name), idSet(approvers), idSet(groups)
}

// same says whether two models are the same group in the same state.
func (m *groupModel) same(o *groupModel) bool {
	return m.ID.Equal(o.ID) && m.Name.Equal(o.Name) && m.Approvers.Equal(o.Approvers) && m.Groups.Equal(o.Groups)
}

// Read takes over what the group is now.
func (g *groupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state groupModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	show := shown(state.ID, (*roster.Roster).Group, state.show)
	g.session.follow(ctx, state.thing(), req, resp, show, func() diag.Diagnostics { return resp.State.Set(ctx, &state) })
}

// Delete signs the group's end. One that a policy or another group names is
// refused.
func (g *groupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state groupModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	finish(ctx, g.session, state.thing(), "delete", roster.KindGroupDelete, state.ID, req, resp, (*roster.Roster).Group)
}

// ImportState takes a group's name or id.
func (g *groupResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByName(ctx, g.session, req, resp, "group", (*roster.Roster).GroupNamed, func(g *roster.Group) envelope.ID { return g.ID })
}
