package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/plugins/admission"
)

// entityForm checks the ids of Vault's identity entities.
type entityForm struct{}

var _ validator.String = entityForm{}

// Description says what an entity's id looks like.
func (entityForm) Description(context.Context) string { return "the id of a Vault identity entity" }

// MarkdownDescription says what an entity's id looks like.
func (e entityForm) MarkdownDescription(ctx context.Context) string { return e.Description(ctx) }

// ValidateString refuses what is no id, such as a name.
func (entityForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := admission.CheckEntity(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not an entity's id", fmt.Sprintf("%q: %s", req.ConfigValue.ValueString(), err))
	}
}

// entitiesOf reads a known set of entities and refuses those that Vault does not
// have, where it may be asked.
func (s *session) entitiesOf(ctx context.Context, set types.Set, diags *diag.Diagnostics) []string {
	entities := []string{}
	diags.Append(set.ElementsAs(ctx, &entities, false)...)
	at := path.Root("entities")
	err := admission.LookUp(ctx, s.broker, entities, func(warning string) { diags.AddAttributeWarning(at, "Entity not looked up", warning) })
	if err != nil {
		diags.AddAttributeError(at, "No such entity", err.Error())
	}
	return entities
}
