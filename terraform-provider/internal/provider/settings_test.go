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
		t.Setenv(organizationVariable, c.organization)
		t.Setenv(minimumHeadVariable, c.head)
		newSession(settings{}, &diags)
		if diags.HasError() != c.bad {
			t.Errorf("%s: %v", name, diags.HasError())
		}
	}
}

// What is no address, id or file is said before anything is done, in words.
func TestSettingsAreCheckedBeforeTheyAreUsed(t *testing.T) {
	text, key := types.StringValue, `{"kind":"stillvault-consumer","version":1,"seed":"s3cret"}`
	for name, c := range map[string]struct {
		settings settings
		says     string // "" where nothing is wrong
	}{
		"a signer":                {settings{Signer: text("file:org.key")}, ""},
		"no kind of signer":       {settings{Signer: text("fil:/x")}, "signer_address_invalid"},
		"a mount's id":            {settings{MountID: text("00000000-0000-4000-8000-00000000000a")}, ""},
		"no UUID":                 {settings{MountID: text("xx")}, "is no UUID in lower case: give the mount's own id"},
		"a key file":              {settings{ConsumerKeyFile: text("settings.go")}, ""},
		"no key file":             {settings{ConsumerKeyFile: text("none.json")}, "stillvault consumer keygen"},
		"an address":              {settings{Address: text("https://vault.example.com")}, ""},
		"an address of no scheme": {settings{Address: text("127.0.0.1:1")}, "begin it with https://"},
		"a short id":              {settings{Organization: text("abc")}, `"abc" has 3 characters, and wanted are 64 hexadecimal digits`},
		"a head without a hash":   {settings{MinimumHead: text("3")}, `"" has 0 characters`},
		"an empty id":             {settings{Organization: text("")}, "leave it out, or null"},
		"an empty head":           {settings{MinimumHead: text("\n")}, "leave it out, or null"},
		"an empty mount's id":     {settings{MountID: text("")}, "leave it out, or null"},
		"an empty directory":      {settings{Home: text("")}, "leave it out, or null"},
		"a key for its path":      {settings{ConsumerKeyFile: text(key)}, "STILLVAULT_CONSUMER_KEY."},
		"a key in base64":         {settings{ConsumerKeyFile: text("czNjcmV0LXNlZWQ=")}, "STILLVAULT_CONSUMER_KEY."},
		"a client's key":          {settings{ClientCertFile: text("settings.go"), ClientKeyFile: text("-----BEGIN " + "PRIVATE KEY-----\ns3cret\n")}, "set up TLS: open (not repeated"},
	} {
		var diags diag.Diagnostics
		newSession(c.settings, &diags)
		said := ""
		for _, d := range diags {
			said += d.Summary() + ": " + d.Detail()
		}
		if (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: it says %q, want %q", name, said, c.says)
		}
		if strings.Contains(said, "s3cret") || strings.Contains(said, "czNjcmV0") {
			t.Errorf("%s: it repeats a key: %s", name, said)
		}
		if strings.Contains(said, "encoding_not_canonical") {
			t.Errorf("%s: it names a code for words: %s", name, said)
		}
	}
}
