package provider

import (
	"context"
	"errors"
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
	_ resource.ResourceWithConfigure   = (*groupResource)(nil)
	_ resource.ResourceWithImportState = (*groupResource)(nil)
)

func newGroupResource() resource.Resource { return &groupResource{} }

type groupModel struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Approvers types.Set    `tfsdk:"approvers"`
	Groups    types.Set    `tfsdk:"groups"`
}

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

// Create signs a new group.
func (g *groupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan groupModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	plan.ID = types.StringValue(envelope.NewID().String())
	head, ok := g.set(ctx, stateless{}, &plan, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Update signs what the group is from now on; its id stays.
func (g *groupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan groupModel
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	head, ok := g.set(ctx, req.Private, &plan, &resp.Diagnostics)
	if !ok {
		return
	}
	rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// set signs the group as planned, where it is not so already.
func (g *groupResource) set(ctx context.Context, private privateReader, plan *groupModel, diags *diag.Diagnostics) (roster.Head, bool) {
	body := plan.body(ctx, diags)
	if diags.HasError() {
		return roster.Head{}, false
	}
	head, err := g.session.signSince(ctx, private, g.session.guarded(func(r *roster.Roster) ([]orglog.Entry, error) {
		if known, err := r.GroupNamed(body.Name); err == nil && known.ID != body.ID {
			return nil, fmt.Errorf("group %q: %w", body.Name, errExists)
		}
		return []orglog.Entry{{Kind: roster.KindGroupSet, Body: body}}, nil
	}))
	if err != nil {
		diags.AddError(fmt.Sprintf("Cannot set group %q", body.Name), err.Error())
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

// Read takes over what the group is now.
func (g *groupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state groupModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	err := g.session.viewSince(ctx, req.Private, func(r *roster.Roster) error {
		id, err := envelope.ParseID(state.ID.ValueString())
		if err != nil {
			return err
		}
		group, err := r.Group(id)
		if err != nil {
			return err
		}
		approvers, groups := apart(group.Members)
		state.Name, state.Approvers, state.Groups = types.StringValue(group.Name), idSet(approvers), idSet(groups)
		return nil
	})
	switch {
	case errors.Is(err, roster.ErrUnknown):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read group %q", state.Name.ValueString()), err.Error())
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// Delete signs the group's end. One that a policy or another group names is
// refused.
func (g *groupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state groupModel
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	err := g.session.end(ctx, req.Private, roster.KindGroupDelete, state.ID.ValueString(), func(r *roster.Roster, id envelope.ID) error {
		_, err := r.Group(id)
		return err
	})
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot delete group %q", state.Name.ValueString()), err.Error())
	}
}

// ImportState takes a group's name or id.
func (g *groupResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	g.session.importByName(ctx, req.ID, resp, "group", func(r *roster.Roster, name string) (envelope.ID, error) {
		group, err := r.GroupNamed(name)
		if err != nil {
			return envelope.ID{}, err
		}
		return group.ID, nil
	})
}
