package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// patternForm checks the pattern of a policy.
type patternForm struct{}

var _ validator.String = patternForm{}

// Description says what a pattern may be.
func (patternForm) Description(context.Context) string {
	return "segments separated by '/', of which one may be '+' for any, and the last '*' for all that remain"
}

// MarkdownDescription says what a pattern may be.
func (f patternForm) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

// ValidateString refuses what is no pattern.
func (patternForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := roster.CheckPattern(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a pattern", err.Error())
	}
}

// durationForm checks one of a policy's times.
type durationForm struct{}

var _ validator.String = durationForm{}

// Description says what a duration may be.
func (durationForm) Description(context.Context) string { return "whole seconds as a duration" }

// MarkdownDescription says what a duration may be.
func (f durationForm) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

// ValidateString refuses what is no duration.
func (durationForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := policytext.Seconds(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a duration", err.Error())
	}
}

// sameDuration keeps a duration that is written in another way than before: "60m"
// for "1h" is no change.
type sameDuration struct{}

var _ planmodifier.String = sameDuration{}

// Description says what it does.
func (sameDuration) Description(context.Context) string { return "equal durations are no change" }

// MarkdownDescription says what it does.
func (s sameDuration) MarkdownDescription(ctx context.Context) string { return s.Description(ctx) }

// PlanModifyString plans the duration as it was, where it is the same.
func (sameDuration) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsUnknown() || req.PlanValue.Equal(req.StateValue) {
		return
	}
	before, err := policytext.Seconds(req.StateValue.ValueString())
	if err != nil {
		return
	}
	if after, err := policytext.Seconds(req.PlanValue.ValueString()); err == nil && after == before {
		resp.PlanValue = req.StateValue
	}
}
