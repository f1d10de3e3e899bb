package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestASignerInTheSameVaultIsWarnedOf(t *testing.T) {
	t.Setenv("VAULT_ADDR", "https://vault.example.com")
	for address, want := range map[string]int{
		"transit:org": 1,
		"transit:org?address=https://keys.example.com": 0,
		"file:org.key": 0,
		"":             0,
	} {
		var diags diag.Diagnostics
		newSession(settings{Signer: types.StringValue(address)}, &diags)
		if diags.HasError() || diags.WarningsCount() != want {
			t.Errorf("%q: %d warnings, want %d", address, diags.WarningsCount(), want)
		}
	}
}
