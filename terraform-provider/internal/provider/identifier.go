package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// idsOf reads a set of ids; unknown ones are left out and said by whole, and so are
// those that are null: see absent. A null set is an empty one.
func idsOf(_ context.Context, at path.Path, set types.Set, diags *diag.Diagnostics) (ids []envelope.ID, whole bool) {
	if set.IsUnknown() {
		return nil, false
	}
	ids, whole = []envelope.ID{}, true
	for _, element := range set.Elements() {
		text, _ := element.(types.String)
		if text.IsUnknown() || text.IsNull() {
			whole = false
			continue
		}
		id, err := envelope.ParseID(text.ValueString())
		if err != nil {
			diags.AddAttributeError(at, "Not an id", fmt.Sprintf("%q is not the id of an approver, group or consumer: use the `id` of its resource, or of `data.stillvault_roster`.", text.ValueString()))
			continue
		}
		ids = append(ids, id)
	}
	return ids, whole
}

// idSet is a set of ids as Terraform has it.
func idSet(ids []envelope.ID) types.Set {
	texts := make([]attr.Value, len(ids))
	for i, id := range ids {
		texts[i] = types.StringValue(id.String())
	}
	return types.SetValueMust(types.StringType, texts)
}

// optionalIDs is an attribute that is a set of ids, empty by default: a set that
// is left out and an empty one are the same.
func optionalIDs(about string) schema.SetAttribute {
	return schema.SetAttribute{
		ElementType: types.StringType, Optional: true, Computed: true, MarkdownDescription: about,
		Default: setdefault.StaticValue(idSet(nil)),
	}
}

// principals are approvers and groups as statements name them.
func principals(approvers, groups []envelope.ID) []roster.Principal {
	all := []roster.Principal{}
	for _, id := range approvers {
		all = append(all, roster.Principal{Kind: roster.PrincipalApprover, ID: id})
	}
	for _, id := range groups {
		all = append(all, roster.Principal{Kind: roster.PrincipalGroup, ID: id})
	}
	return all
}

// apart is the reverse of principals.
func apart(all []roster.Principal) (approvers, groups []envelope.ID) {
	for _, p := range all {
		if p.Kind == roster.PrincipalGroup {
			groups = append(groups, p.ID)
		} else {
			approvers = append(approvers, p.ID)
		}
	}
	return approvers, groups
}

// nameForm checks the names of approvers, groups, policies and consumers.
type nameForm struct{}

var _ validator.String = nameForm{}

// Description says what a name may be.
func (nameForm) Description(context.Context) string {
	return "1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
}

// MarkdownDescription says what a name may be.
func (n nameForm) MarkdownDescription(ctx context.Context) string { return n.Description(ctx) }

// ValidateString refuses what is no name.
func (nameForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := roster.CheckName(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a name", err.Error())
	}
}
