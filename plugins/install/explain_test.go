package install

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
)

// crash is what go-plugin says of a program that ends before it spoke.
const crash = `Unrecognized remote plugin message: hello
This usually means
  the plugin was not compiled for this architecture,
  the plugin is missing dynamic-link libraries necessary to run,
  the plugin is not executable by this process due to file permissions, or
  the plugin failed to negotiate the initial go-plugin protocol handshake

Additional notes about plugin:
  Path: /opt/vault/plugins/p
  Mode: -rwxr-xr-x
`

func TestExplainKnowsWhatVaultMeans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		text   string
		want   error
	}{
		"memory lock":     {400, "1 error occurred:\n\t* failed to lock memory: cannot allocate memory\n\n", ErrMlock},
		"ends at start":   {400, crash, ErrCrashed},
		"another program": {500, "cannot reload plugin on \"x/\": checksums did not match", ErrChecksum},
		"no memory, 403":  {403, "1 error occurred:\n\t* permission denied\n\n", ErrPermission},
		"a directory":     {500, "error while validating the command path: lstat /p/x: no such file or directory", ErrBinaryMissing},
		"a link":          {500, "cannot execute files outside of configured plugin directory /p: expected /p, got /q", ErrPluginDirLink},
		"another system":  {400, "fork/exec /p/x: exec format error", ErrNotExecutable},
		"a pin":           {400, `plugin_version cannot be set for secret plugin "p" as a pinned version v0.1.0 is in effect`, ErrPinned},
		"sealed":          {503, "Vault is sealed", ErrSealed},
	} {
		t.Run(name, func(t *testing.T) {
			err := explain("try it", &api.ResponseError{StatusCode: test.status, Errors: []string{test.text}})
			if !errors.Is(err, test.want) || !strings.HasPrefix(err.Error(), "try it: ") || strings.ContainsAny(err.Error(), "\n\t") {
				t.Errorf("got %q, want %v in one line", err, test.want)
			}
		})
	}
}

func TestExplainPassesOnWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	err := explain("try it", &api.ResponseError{StatusCode: 418, Errors: []string{"short and stout"}})
	if err == nil || err.Error() != "try it: vault answers 418: short and stout" {
		t.Errorf("an unknown text: %v", err)
	}
	err = explain("try it", &api.ResponseError{StatusCode: 502})
	if err == nil || err.Error() != "try it: vault answers 502: bad gateway" {
		t.Errorf("no text: %v", err)
	}
	err = explain("try it", &url.Error{Op: "Get", URL: "https://vault.example/v1/x?many=flags", Err: errors.New("no route")})
	if !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "many=flags") {
		t.Errorf("no connection: %v", err)
	}
	err = explain("try it", fmt.Errorf("put: %w", context.Canceled))
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("interrupted: %v", err)
	}
	if err := explain("try it", nil); err != nil {
		t.Errorf("success: %v", err)
	}
}

func TestOldVaultsAreRefused(t *testing.T) {
	t.Parallel()
	for version, old := range map[string]bool{
		"1.14.10": true, "0.11.6": true, "1.15.0": false, "1.21.0+ent": false, "1.21.0-rc1": false, "2.0.1": false, "": false,
	} {
		if tooOld(version) != old {
			t.Errorf("%q: too old is %v", version, !old)
		}
	}
}

func TestOnlyLoopbackIsThisHost(t *testing.T) {
	t.Parallel()
	for address, here := range map[string]bool{
		"http://127.0.0.1:8200": true, "https://[::1]:8200": true, "http://localhost:8200": true, "unix:///run/vault.sock": true,
		"https://vault.example:8200": false, "http://192.0.2.1": false, "http://localhost.example": false, "::": false,
	} {
		if onThisHost(address) != here {
			t.Errorf("%s: on this host is %v", address, !here)
		}
	}
}
