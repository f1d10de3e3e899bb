package file_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// saved makes a key and its file.
func saved(t *testing.T, passphrase string) (*file.Key, string) {
	t.Helper()
	t.Setenv(file.PassphraseVariable, "")
	key, path := file.New(), filepath.Join(t.TempDir(), "identity.json")
	save := func() error { return key.SaveCheaply(path, []byte(passphrase)) }
	if passphrase == "" {
		save = func() error { return key.Save(path, nil) }
	}
	if err := save(); err != nil {
		t.Fatal(err)
	}
	return key, path
}

// asked is a person who answers a question.
func asked(answer string) signer.Options {
	return signer.Options{Passphrase: func(context.Context, string) ([]byte, error) { return []byte(answer), nil }}
}

func TestIdentitySurvivesReopening(t *testing.T) {
	for name, passphrase := range map[string][]byte{"with a passphrase": []byte("größer als nichts"), "without": nil} {
		t.Run(name, func(t *testing.T) {
			if passphrase != nil && testing.Short() {
				t.Skip("NOT TESTED with what Argon2id costs in earnest: -short")
			}
			path := filepath.Join(t.TempDir(), "identity.json")
			created := file.New()
			if err := created.Save(path, passphrase); err != nil {
				t.Fatal(err)
			}
			opened, err := file.Open(t.Context(), path, "", asked(string(passphrase)))
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
		})
	}
}

func TestSaveNeverReplaces(t *testing.T) {
	first, path := saved(t, "")
	for _, passphrase := range [][]byte{nil, []byte("another")} {
		if err := file.New().Save(path, passphrase); !errors.Is(err, file.ErrExists) {
			t.Fatalf("got %v, want ErrExists", err)
		}
	}
	again, err := file.Open(t.Context(), path, "", signer.Options{})
	if err != nil || again.Public() != first.Public() {
		t.Fatalf("the first key is gone: %v", err)
	}
	assertNoLeftovers(t, filepath.Dir(path), 1)
}

func TestAClosedKeySignsNothing(t *testing.T) {
	key, path := saved(t, "")
	before := key.Public()
	for range 2 {
		if err := key.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := key.Sign(envelope.TypeStatement, nil); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("sign: %v", err)
	}
	if err := key.Save(path+"2", nil); !errors.Is(err, signer.ErrUnavailable) {
		t.Errorf("save: %v", err)
	}
	if key.Public() != before {
		t.Error("its public key changed")
	}
}

func TestThePassphraseComesFromWhereItIsSaid(t *testing.T) {
	const right = "correct horse"
	_, path := saved(t, right)
	dir := t.TempDir()
	write := func(name, content string, mode fs.FileMode) string {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(p, []byte(content), mode), os.Chmod(p, mode)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct {
		file, environment string
		person            signer.Options
		want              error
		says              string
	}{
		"a file":                             {file: write("right", right+"\n", 0o600)},
		"a file without a line's end":        {file: write("bare", right, 0o600)},
		"a file from Windows":                {file: write("crlf", right+"\r\n", 0o600)},
		"a file, before the environment":     {file: write("first", right, 0o600), environment: "wrong"},
		"the environment":                    {environment: right},
		"the environment, before the person": {environment: right, person: asked("wrong")},
		"a person":                           {person: asked(right)},
		"nobody":                             {want: signer.ErrPassphrase},
		"a wrong file":                       {file: write("wrong", "wrong", 0o600), environment: right, want: signer.ErrWrongPassphrase, says: "what is in " + filepath.Join(dir, "wrong") + " does not open " + path},
		"a file that is not there":           {file: filepath.Join(dir, "none"), environment: right, want: signer.ErrPassphrase},
		"an empty file":                      {file: write("empty", "\n", 0o600), environment: right, want: signer.ErrPassphrase},
		"a file of two lines":                {file: write("two", right+"\n\n", 0o600), want: signer.ErrPassphrase},
		"a file that others may read":        {file: write("exposed", right, 0o640), environment: right, want: file.ErrExposed},
		"a wrong environment":                {environment: "wrong", person: asked(right), want: signer.ErrWrongPassphrase, says: file.PassphraseVariable + " does not open " + path},
		"a wrong person":                     {person: asked("wrong"), want: signer.ErrWrongPassphrase, says: "what was typed does not open " + path},
		"a person who says nothing":          {person: asked(""), want: signer.ErrPassphrase},
		"a person who says no text":          {person: asked("\xff"), want: signer.ErrPassphrase},
		"a person who leaves":                {person: leaving, want: errLeft},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(file.PassphraseVariable, c.environment)
			_, err := file.Open(t.Context(), path, c.file, c.person)
			if !errors.Is(err, c.want) || c.says != "" && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %v: %s", err, c.want, c.says)
			}
			if err != nil && strings.Contains(err.Error(), right) {
				t.Fatalf("the passphrase stands in %v", err)
			}
		})
	}
}

var (
	errLeft = errors.New("left")
	leaving = signer.Options{Passphrase: func(context.Context, string) ([]byte, error) { return nil, errLeft }}
)

// Typed on one system, "ü" is one character, on another two.
func TestAPassphraseIsTheSameHoweverItIsTyped(t *testing.T) {
	_, path := saved(t, "gr\u00fc\u00dfe")
	if _, err := file.Open(t.Context(), path, "", asked("gru\u0308\u00dfe")); err != nil {
		t.Error(err)
	}
	if _, err := file.Open(t.Context(), path, "", asked("gr\u00fc\u00dfe ")); !errors.Is(err, signer.ErrWrongPassphrase) {
		t.Errorf("with a space more: %v", err)
	}
}

func TestAPassphraseForAFileWithoutOneIsRefused(t *testing.T) {
	_, path := saved(t, "")
	words := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(words, []byte("correct horse"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Open(t.Context(), path, words, signer.Options{}); !errors.Is(err, signer.ErrWrongPassphrase) {
		t.Errorf("got %v", err)
	}
}

func TestAKeyIsNeverPrinted(t *testing.T) {
	key, path := saved(t, "")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), `"seed":"`)
	text, _, _ := strings.Cut(after, `"`)
	seed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(seed) != 32 {
		t.Fatalf("the seed of %d bytes: %v", len(seed), err)
	}
	forms := []string{text[:12], string(seed[:6]), fmt.Sprintf("%x", seed[:6]), fmt.Sprintf("%X", seed[:6]), strings.Trim(fmt.Sprint(seed[:6]), "[]")}
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %b") {
		for name, v := range map[string]any{"key": key, "struct": struct{ K *file.Key }{key}, "hidden": struct{ k *file.Key }{key}, "slice": []*file.Key{key}} {
			shown := fmt.Sprintf(verb, v)
			for _, form := range forms {
				if strings.Contains(shown, form) {
					t.Errorf("%s of %s: %s", verb, name, shown)
				}
			}
		}
	}
	//lint:ignore SA9005 that nothing is marshalled is what is tested
	if shown, err := json.Marshal(key); err == nil && strings.Contains(string(shown), text) {
		t.Errorf("as JSON: %s", shown)
	}
}

func TestOpenRefuses(t *testing.T) {
	_, plainPath := saved(t, "")
	_, sealedPath := saved(t, "x")
	plain, err := os.ReadFile(plainPath)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(sealedPath)
	if err != nil {
		t.Fatal(err)
	}
	change := func(in []byte, old, new string) []byte {
		changed := strings.Replace(string(in), old, new, 1)
		if changed == string(in) {
			t.Fatalf("%s is not in it", old)
		}
		return []byte(changed)
	}
	for name, test := range map[string]struct {
		data []byte
		mode fs.FileMode
		want error
	}{
		"group may read":                 {plain, 0o640, file.ErrExposed},
		"others may read":                {plain, 0o604, file.ErrExposed},
		"group may write":                {plain, 0o620, file.ErrExposed},
		"others may read, sealed":        {sealed, 0o604, file.ErrExposed},
		"another kind":                   {change(plain, "org-identity", "org-identitx"), 0o600, file.ErrFormat},
		"a plain file of version 2":      {change(plain, `"version":1`, `"version":2`), 0o600, file.ErrFormat},
		"an unknown field":               {change(plain, `"version":1`, `"version":1,"x":1`), 0o600, file.ErrFormat},
		"a short seed":                   {change(plain, `"seed":"`, `"seed":"A`), 0o600, file.ErrFormat},
		"no seed":                        {[]byte(`{"kind":"stillvault-org-identity","version":1,"seed":null}`), 0o600, file.ErrFormat},
		"an empty file":                  {nil, 0o600, file.ErrFormat},
		"two trailing ends":              {append(plain, '\n'), 0o600, file.ErrFormat},
		"cut off":                        {plain[:len(plain)/2], 0o600, file.ErrFormat},
		"sealed, cut off":                {sealed[:len(sealed)-20], 0o600, file.ErrFormat},
		"sealed, of version 1":           {change(sealed, `"version":2`, `"version":1`), 0o600, file.ErrFormat},
		"sealed, of a later version":     {change(sealed, `"version":2`, `"version":3`), 0o600, file.ErrFormat},
		"sealed, with an unknown field":  {change(sealed, `"version":2`, `"version":2,"x":1`), 0o600, file.ErrFormat},
		"no time":                        {change(sealed, `"time":1`, `"time":0`), 0o600, file.ErrFormat},
		"too much time":                  {change(sealed, `"time":1`, `"time":21`), 0o600, file.ErrFormat},
		"more time than can be":          {change(sealed, `"time":1`, `"time":4294967296`), 0o600, file.ErrFormat},
		"too little memory":              {change(sealed, `"memory_mib":16`, `"memory_mib":15`), 0o600, file.ErrFormat},
		"too much memory":                {change(sealed, `"memory_mib":16`, `"memory_mib":257`), 0o600, file.ErrFormat},
		"lanes":                          {change(sealed, `"parallelism":1`, `"parallelism":2`), 0o600, file.ErrFormat},
		"no salt":                        {change(sealed, `"salt":"`, `"salt":"AAAA`), 0o600, file.ErrFormat},
		"another suite":                  {change(sealed, `"suite":1`, `"suite":2`), 0o600, signer.ErrWrongPassphrase},
		"other time within the bounds":   {change(sealed, `"time":1`, `"time":2`), 0o600, signer.ErrWrongPassphrase},
		"other memory within the bounds": {change(sealed, `"memory_mib":16`, `"memory_mib":17`), 0o600, signer.ErrWrongPassphrase},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "identity.json")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := file.Open(t.Context(), path, "", asked("x")); !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
		})
	}
}

// Nothing in a sealed file may be another and the file open: neither the
// ciphertext, nor the public key that stands beside it, nor anything else.
func TestNoChangedFileOpens(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED that every changed key file is refused: -short")
	}
	_, path := saved(t, "x")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "changed")
	for i := range good[:len(good)-1] {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1 << (i % 7)
		if err := file.WritePrivate(changed, bad); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Open(t.Context(), changed, "", asked("x")); !errors.Is(err, file.ErrFormat) && !errors.Is(err, signer.ErrWrongPassphrase) {
			t.Fatalf("byte %d: got %v of %s", i, err, bad)
		}
	}
}

// What should name a file may be what it is to hold.
func TestASecretInPlaceOfItsFileIsNotRepeated(t *testing.T) {
	_, path := saved(t, "x")
	for name, open := range map[string]func() error{
		"the key": func() error {
			_, err := file.Open(t.Context(), `{"kind":"stillvault-org-identity","version":1,"seed":"secret"}`, "", asked("x"))
			return err
		},
		"the key, on one line": func() error { _, err := file.Open(t.Context(), "c2VjcmV0secret", "", asked("x")); return err },
		"the passphrase":       func() error { _, err := file.Open(t.Context(), path, "secret words", asked("x")); return err },
	} {
		if err := open(); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "not repeated") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := file.Open(t.Context(), "./no.key", "", asked("x")); err == nil || !strings.Contains(err.Error(), "./no.key") {
		t.Errorf("of a path, it says %v", err)
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
