package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// verifyKeyForm checks public keys; madeBy is what prints them.
type verifyKeyForm struct{ madeBy string }

var _ validator.String = verifyKeyForm{}

// Description says what a key looks like.
func (f verifyKeyForm) Description(context.Context) string {
	return "a public key, 43 characters of base64url, as " + f.madeBy + " prints it"
}

// MarkdownDescription says what a key looks like.
func (f verifyKeyForm) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

// ValidateString refuses what is no key.
func (f verifyKeyForm) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	_, err := parseVerifyKey(req.ConfigValue.ValueString())
	if errors.Is(err, orglog.ErrRecoveryItself) {
		// About the resource: of an attribute, Terraform shows the line, with the key.
		resp.Diagnostics.AddError("Not a public key", fmt.Sprintf("%s: %v.", req.Path, err))
	} else if err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a public key", fmt.Sprintf("This has %d characters and is none: give %s.", len(req.ConfigValue.ValueString()), f.Description(ctx)))
	}
}

// parseVerifyKey reads a public key and refuses one that nothing should be
// verified with.
func parseVerifyKey(text string) (envelope.VerifyKey, error) {
	var k envelope.VerifyKey
	if err := orglog.RefuseRecoveryKey(text); err != nil {
		return k, err
	}
	if err := k.UnmarshalText([]byte(text)); err != nil {
		return k, err
	}
	return k, k.Check()
}
