package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// The error about a recovery key is no attribute's: Terraform would show the line
// of the configuration that has the key.
func TestARecoveryKeyIsNoPublicKeyAndIsNotShown(t *testing.T) {
	private := string(orglog.FormatRecoveryKey(envelope.NewKey()))
	public := envelope.NewSigningKey(envelope.NewKey()).Public().String()
	for name, c := range map[string]struct {
		given, says string
		attribute   bool
	}{
		"a public key":            {public, "", false},
		"no key":                  {"nokey", "43 characters", true},
		"the recovery key":        {private, "recovery_key_private", false},
		"with a line's end":       {private + "\n", "recovery_key_private", false},
		"a part of it":            {private[:30], "recovery_key_private", false},
		"what is above it, as in": {"key: " + private, "recovery_key_private", false},
	} {
		t.Run(name, func(t *testing.T) {
			var resp validator.StringResponse
			req := validator.StringRequest{Path: path.Root("recovery_public_key"), ConfigValue: types.StringValue(c.given)}
			verifyKeyForm{"`stillvault org recovery-keygen`"}.ValidateString(t.Context(), req, &resp)
			if got := len(resp.Diagnostics); (got == 1) != (c.says != "") || got > 1 {
				t.Fatalf("%d diagnostics", got)
			}
			for _, d := range resp.Diagnostics {
				if !strings.Contains(d.Detail(), c.says) || strings.Contains(d.Detail(), private[:20]) {
					t.Errorf("it says %s", d.Detail())
				}
				if _, has := d.(diag.DiagnosticWithPath); has != c.attribute {
					t.Errorf("of an attribute: %v", has)
				}
				if c.says == "recovery_key_private" && !strings.Contains(d.Detail(), "recovery_public_key") {
					t.Error("the attribute is not named")
				}
			}
		})
	}
}
