package signer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/signer"
)

const (
	fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	digest      = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

func TestAnAddressSaysWhereTheKeyIs(t *testing.T) {
	for text, want := range map[string]struct {
		scheme     signer.Scheme
		name       string
		parameters map[string][]string
	}{
		"file:org.key":                                {signer.File, "org.key", nil},
		"file:/a b/größe+1=ä":                         {signer.File, "/a b/größe+1=ä", nil},
		"file:C:\\keys\\org.key":                      {signer.File, "C:\\keys\\org.key", nil},
		"file:really%3F":                              {signer.File, "really?", nil},
		"file:100%25":                                 {signer.File, "100%", nil},
		"file:a?passphrase_file=/run/a+b%26c":         {signer.File, "a", map[string][]string{"passphrase_file": {"/run/a+b&c"}}},
		"ssh-agent:" + fingerprint:                    {signer.SSHAgent, fingerprint, nil},
		"transit:org":                                 {signer.Transit, "org", nil},
		"transit:org.key-1?mount=a/b-c&version=3":     {signer.Transit, "org.key-1", map[string][]string{"mount": {"a/b-c"}, "version": {"3"}}},
		"transit:o?address=https://v.example.com:820": {signer.Transit, "o", map[string][]string{"address": {"https://v.example.com:820"}}},
		"transit:o?address=http://127.0.0.1:8200":     {signer.Transit, "o", map[string][]string{"address": {"http://127.0.0.1:8200"}}},
		"transit:o?address=http://[::1]:8200/":        {signer.Transit, "o", map[string][]string{"address": {"http://[::1]:8200/"}}},
		"transit:o?namespace=a/b&token_file=t&ca_cert=c": {signer.Transit, "o", map[string][]string{
			"namespace": {"a/b"}, "token_file": {"t"}, "ca_cert": {"c"}}},
		"exec:/bin/s?sha256=" + digest: {signer.Exec, "/bin/s", map[string][]string{"sha256": {digest}}},
		"exec:s?arg=--a=b&sha256=" + digest + "&arg=&arg=c": {signer.Exec, "s", map[string][]string{
			"sha256": {digest}, "arg": {"--a=b", "", "c"}}},
	} {
		a, err := signer.ParseAddress(text)
		if err != nil || a.Scheme != want.scheme || a.Name != want.name {
			t.Errorf("%s: got %s, %q, %v", text, a.Scheme, a.Name, err)
		}
		for name, values := range want.parameters {
			if got := a.Values(name); !slices.Equal(got, values) {
				t.Errorf("%s: %s is %q", text, name, got)
			}
			if a.Value(name) != values[0] {
				t.Errorf("%s: the first %s is %q", text, name, a.Value(name))
			}
		}
		if again, err := signer.ParseAddress(a.String()); err != nil || again.String() != a.String() || again.Name != a.Name {
			t.Errorf("%s: written %s, which is read as %s, %v", text, a, again, err)
		}
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                   "",
		"a bare path":               "org.key",
		"an unknown scheme":         "pkcs11:token",
		"a secret with a colon":     "secret:token",
		"a kind and a secret":       "filesecret:token",
		"another case":              "File:org.key",
		"no path":                   "file:",
		"a key for its path":        `file:{"kind":"stillvault-org-identity","version":1,"seed":"secret"}`,
		"a key's lines for a path":  "file:secret\n",
		"a URL of a file":           "file:///etc/org.key",
		"a control character":       "file:a%0ab",
		"half an escape":            "file:a%2",
		"an unknown parameter":      "file:a?password=secret",
		"a key for an address":      `{"kind":"stillvault-org-identity","version":1,"seed":"secret"}`,
		"a passphrase by itself":    "file:a?secret",
		"no parameter":              "file:a?",
		"an empty parameter":        "file:a?passphrase_file=",
		"a parameter twice":         "file:a?passphrase_file=b&passphrase_file=b",
		"another's parameter":       "file:a?mount=b",
		"no fingerprint":            "ssh-agent:",
		"a fingerprint in MD5":      "ssh-agent:MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e",
		"a short fingerprint":       "ssh-agent:" + fingerprint[:49],
		"a padded fingerprint":      "ssh-agent:" + fingerprint + "=",
		"a fingerprint with bits":   "ssh-agent:" + fingerprint[:49] + "V",
		"a parameter of an agent":   "ssh-agent:" + fingerprint + "?socket=/x",
		"no key":                    "transit:",
		"a path for a key":          "transit:a/b",
		"version zero":              "transit:a?version=0",
		"a version with a sign":     "transit:a?version=+1",
		"a version with a zero":     "transit:a?version=01",
		"a version beyond bounds":   "transit:a?version=4294967296",
		"a mount that leads away":   "transit:a?mount=../sys",
		"a mount with a slash":      "transit:a?mount=/a",
		"plain HTTP":                "transit:a?address=http://vault.example.com",
		"HTTP that looks local":     "transit:a?address=http://127.0.0.1.example.com",
		"no host":                   "transit:a?address=https://",
		"a password in a URL":       "transit:a?address=https://u:p@vault.example.com",
		"a query in a URL":          "transit:a?address=https://v.example.com%3Fa",
		"a program without a pin":   "exec:/bin/s",
		"an empty pin":              "exec:/bin/s?sha256=",
		"a short pin":               "exec:/bin/s?sha256=" + digest[:62],
		"a pin that is none":        "exec:/bin/s?sha256=" + strings.Repeat("g", 64),
		"two pins":                  "exec:/bin/s?sha256=" + digest + "&sha256=" + digest,
		"an argument that is split": "exec:/bin/s?sha256=" + digest + "&arg=a&b",
	} {
		_, err := signer.ParseAddress(text)
		if !errors.Is(err, signer.ErrAddress) {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: what may be a secret is repeated: %v", name, err)
		}
	}
}

func TestAProgramWithoutAPinIsToldHowToPinIt(t *testing.T) {
	_, err := signer.ParseAddress("exec:/opt/signer")
	if err == nil || !strings.Contains(err.Error(), "sha256sum /opt/signer") {
		t.Errorf("got %v", err)
	}
}

func TestThePathOfAFileAddressIsAnyPath(t *testing.T) {
	for _, path := range []string{"org.key", "what?", "100%", "a&b=c", "%3F", "C:\\keys"} {
		a, err := signer.ParseAddress(signer.FileAddress(path).String())
		if err != nil || a.Name != path {
			t.Errorf("%s: read as %q, %v", path, a.Name, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, text := range []string{
		"file:org.key?passphrase_file=%3F", "ssh-agent:" + fingerprint, "transit:org?mount=a/b&version=3&address=https://v.example.com",
		"exec:/bin/s?sha256=" + digest + "&arg=a%26&arg=", "file:%25%2525",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := signer.ParseAddress(text)
		if err != nil {
			if !errors.Is(err, signer.ErrAddress) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := signer.ParseAddress(a.String())
		if err != nil || again.String() != a.String() || again.Scheme != a.Scheme || again.Name != a.Name {
			t.Errorf("%q is written %q and read as %q, %v", text, a, again, err)
		}
	})
}

func TestASlipInTheKindOfASignerIsQuoted(t *testing.T) {
	for text, says := range map[string]string{
		"fil:/x": `"fil:", which is no kind of signer; is it "file:"?`, "files:/x": `is it "file:"?`, "FILE:/x": `is it "file:"?`,
		"sshagent:" + fingerprint: `"sshagent:", which is no kind of signer; is it "ssh-agent:"?`, "ssh:x": `is it "ssh-agent:"?`,
		"pkcs11:foo": "begins with exec:", "exec:/bin/s?sha256=abcd": "64 hexadecimal digits", "exec": "such as file:PATH:",
		"f:/x": "such as file:", ":/x": "such as file:",
	} {
		if _, err := signer.ParseAddress(text); !errors.Is(err, signer.ErrAddress) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
