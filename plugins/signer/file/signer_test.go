package file_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

func TestIdentitySurvivesReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.json")
	created, err := file.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := file.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if created.Public() != opened.Public() {
		t.Fatal("the reopened key is another one")
	}
	signed, err := envelope.Sign(envelope.TypeStatement, map[string]string{}, opened)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(envelope.TypeStatement, created.Public()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.json")
	first, err := file.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Create(path); !errors.Is(err, file.ErrExists) {
		t.Fatalf("got %v, want ErrExists", err)
	}
	again, err := file.Open(path)
	if err != nil || again.Public() != first.Public() {
		t.Fatalf("the first key is gone: %v", err)
	}
	assertNoLeftovers(t, filepath.Dir(path), 1)
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.json")
	if _, err := file.Create(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) []byte { return []byte(strings.Replace(string(good), old, new, 1)) }
	for name, test := range map[string]struct {
		data []byte
		mode fs.FileMode
		want error
	}{
		"group may read":    {good, 0o640, file.ErrExposed},
		"others may read":   {good, 0o604, file.ErrExposed},
		"group may write":   {good, 0o620, file.ErrExposed},
		"another kind":      {change("org-identity", "org-identitx"), 0o600, file.ErrFormat},
		"a later version":   {change(`"version":1`, `"version":2`), 0o600, file.ErrFormat},
		"an unknown field":  {change(`"version":1`, `"version":1,"x":1`), 0o600, file.ErrFormat},
		"a short seed":      {change(`"seed":"`, `"seed":"A`), 0o600, file.ErrFormat},
		"no seed":           {[]byte(`{"kind":"stillvault-org-identity","version":1,"seed":null}`), 0o600, file.ErrFormat},
		"an empty file":     {nil, 0o600, file.ErrFormat},
		"two trailing ends": {append(good, '\n'), 0o600, file.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "identity.json")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := file.Open(path); !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestWritePrivateReplacesInOneStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	for _, content := range []string{"first", "second, and longer"} {
		if err := file.WritePrivate(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := file.ReadPrivate(path)
		if err != nil || string(got) != content {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	assertNoLeftovers(t, filepath.Dir(path), 1)
}

func assertNoLeftovers(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != want {
		t.Fatalf("%d files in the directory, want %d: %v", len(entries), want, err)
	}
}
