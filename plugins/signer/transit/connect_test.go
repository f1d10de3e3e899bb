package transit_test

import (
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/transit"
)

func TestAKeyInTheVaultThatItIsToHoldAgainstIsNoticed(t *testing.T) {
	const secrets, keys = "https://vault.example.com:8200", "https://keys.example.com:8200"
	for name, c := range map[string]struct {
		address, transit, vault string
		want                    bool
	}{
		"nothing said but VAULT_ADDR":  {address: "transit:org", vault: secrets, want: true},
		"a slash more":                 {address: "transit:org", vault: secrets + "/", want: true},
		"the address names it":         {address: "transit:org?address=" + secrets, vault: keys, want: true},
		"the environment names it":     {address: "transit:org", transit: secrets, vault: keys, want: true},
		"the address names another":    {address: "transit:org?address=" + keys, vault: secrets},
		"the environment does":         {address: "transit:org", transit: keys, vault: secrets},
		"another kind":                 {address: "file:org.key", vault: secrets},
		"no address":                   {address: "", vault: secrets},
		"the provider's is another":    {address: "transit:org", vault: keys},
		"the provider's is VAULT_ADDR": {address: "transit:org?version=2", vault: secrets, want: true},
	} {
		t.Setenv(transit.AddressVariable, c.transit)
		t.Setenv("VAULT_ADDR", c.vault)
		if got := transit.In(c.address, secrets); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Vault's client reads the environment for any Vault, and repeats what it could not
// open.
func TestAKeyInTheVariableForItsFileIsNotRepeated(t *testing.T) {
	const secrets, keys = "https://vault.example.com:8200", "https://keys.example.com:8200"
	t.Setenv("VAULT_ADDR", secrets)
	t.Setenv("VAULT_CLIENT_CERT", "connect.go")
	t.Setenv("VAULT_CLIENT_KEY", "-----BEGIN "+"PRIVATE KEY-----\nsecret\n-----END "+"PRIVATE KEY-----\n")
	for _, server := range []string{secrets, keys} {
		a, err := signer.ParseAddress("transit:org?address=" + server)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = transit.Open(t.Context(), a, signer.Options{}); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%s: got %v", server, err)
		}
	}
}
