package provider

import (
	"bytes"
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Settled says of a plan that nothing is to be done, where that is so for certain:
// Terraform proposes a policy as it is, and what the configuration leaves out has
// its default. The framework comes to the same, but by going through the schema for
// every attribute again and again, which is most of what a plan of a thousand
// policies would take. What is not settled may be so all the same.
func Settled(req *tfprotov6.PlanResourceChangeRequest) bool {
	if req.TypeName != "stillvault_policy" || req.Config == nil || req.PriorState == nil || req.ProposedNewState == nil ||
		len(req.PriorState.MsgPack) == 0 || !bytes.Equal(req.PriorState.MsgPack, req.ProposedNewState.MsgPack) {
		return false
	}
	form := policyForm()
	config, err := req.Config.Unmarshal(form.whole)
	if err != nil {
		return false
	}
	prior, err := req.PriorState.Unmarshal(form.whole)
	return err == nil && form.holds(config, prior)
}

// settledForm is what a policy looks like, and what it is where nothing is said.
type settledForm struct {
	whole           tftypes.Type
	policy, nesting map[string]tftypes.Value // defaults, by attribute
}

var policyForm = sync.OnceValue(func() settledForm {
	s := policySchema()
	return settledForm{
		whole: s.Type().TerraformType(context.Background()), policy: defaultsOf(s.Attributes),
		nesting: defaultsOf(requirementAttributes(schema.Int64Attribute{})),
	}
})

// holds says whether what config leaves out is in prior as it is by default.
func (f settledForm) holds(config, prior tftypes.Value) bool {
	said, was, ok := together(config, prior)
	if !ok || !leftOut(f.policy, said, was) {
		return false
	}
	var written, there []tftypes.Value
	if said["requirement"].As(&written) != nil || was["requirement"].As(&there) != nil || len(written) != len(there) {
		return false
	}
	if said["break_glass"].IsNull() != was["break_glass"].IsNull() {
		return false
	}
	if !said["break_glass"].IsNull() {
		written, there = append(written, said["break_glass"]), append(there, was["break_glass"])
	}
	for i := range written {
		said, was, ok := together(written[i], there[i])
		if !ok || !leftOut(f.nesting, said, was) {
			return false
		}
	}
	return true
}

// together takes two objects apart; not where one is null or not known.
func together(a, b tftypes.Value) (said, was map[string]tftypes.Value, ok bool) {
	if a.IsNull() || b.IsNull() || !a.IsFullyKnown() || !b.IsFullyKnown() {
		return nil, nil, false
	}
	return said, was, a.As(&said) == nil && b.As(&was) == nil
}

func leftOut(standard, said, was map[string]tftypes.Value) bool {
	for name, value := range standard {
		if v, known := said[name]; !known || v.IsNull() && !was[name].Equal(value) {
			return false
		}
	}
	return true
}

// defaultsOf are the defaults of attributes that have one.
func defaultsOf(attributes map[string]schema.Attribute) map[string]tftypes.Value {
	ctx, all := context.Background(), map[string]attr.Value{}
	for name, a := range attributes {
		switch a := a.(type) {
		case schema.StringAttribute:
			if a.Default != nil {
				var resp defaults.StringResponse
				a.Default.DefaultString(ctx, defaults.StringRequest{}, &resp)
				all[name] = resp.PlanValue
			}
		case schema.BoolAttribute:
			if a.Default != nil {
				var resp defaults.BoolResponse
				a.Default.DefaultBool(ctx, defaults.BoolRequest{}, &resp)
				all[name] = resp.PlanValue
			}
		case schema.Int64Attribute:
			if a.Default != nil {
				var resp defaults.Int64Response
				a.Default.DefaultInt64(ctx, defaults.Int64Request{}, &resp)
				all[name] = resp.PlanValue
			}
		case schema.SetAttribute:
			if a.Default != nil {
				var resp defaults.SetResponse
				a.Default.DefaultSet(ctx, defaults.SetRequest{}, &resp)
				all[name] = resp.PlanValue
			}
		default:
			panic("a default of a type that is not read here")
		}
	}
	values := make(map[string]tftypes.Value, len(all))
	for name, v := range all {
		value, err := v.ToTerraformValue(ctx)
		if err != nil {
			panic(err)
		}
		values[name] = value
	}
	return values
}
