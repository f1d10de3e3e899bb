package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// checkedForm is for a text that has one form, which another package checks.
type checkedForm struct {
	about string // what it is, and where it comes from
	check func(string) error
}

var _ validator.String = checkedForm{}

// Description says what the text is.
func (f checkedForm) Description(context.Context) string { return f.about }

// MarkdownDescription says what the text is.
func (f checkedForm) MarkdownDescription(context.Context) string { return f.about }

// ValidateString refuses another form, and says what is wanted: a check's own error
// speaks to whoever gave it a file.
func (f checkedForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if text := req.ConfigValue.ValueString(); f.check(text) != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not of the form that is wanted", fmt.Sprintf("%.80q is not %s.", text, f.about))
	}
}
