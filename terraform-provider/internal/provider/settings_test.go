package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A pin that pins nothing is refused, not passed over.
func TestPinsAreReadStrictly(t *testing.T) {
	hash, zero := strings.Repeat("ab", 32), strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		organization, head string
		bad                bool
	}{
		"both":              {organization: hash, head: "3:" + hash},
		"neither":           {},
		"no id":             {organization: "acme", bad: true},
		"a short id":        {organization: hash[2:], bad: true},
		"the id of nothing": {organization: zero, bad: true},
		"no number":         {head: hash, bad: true},
		"no hash":           {head: "3", bad: true},
		"a negative number": {head: "-1:" + hash, bad: true},
		"a short hash":      {head: "3:" + hash[2:], bad: true},
		"the head of none":  {head: "3:" + zero, bad: true},
	} {
		var diags diag.Diagnostics
		newSession(settings{Organization: types.StringValue(c.organization), MinimumHead: types.StringValue(c.head)}, &diags)
		if diags.HasError() != c.bad {
			t.Errorf("%s: %v", name, diags.HasError())
		}
	}
}
