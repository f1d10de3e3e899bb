package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const testVersion = "0.9.1"

// TestDistIsWhatRegistriesExpect builds a release of every program for this
// platform twice, in two copies of this checkout that lie apart.
func TestDistIsWhatRegistriesExpect(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it builds every program")
	}
	here := platform{runtime.GOOS, runtime.GOARCH}
	sources, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	copySources(t, sources)
	if err := os.CopyFS(elsewhere, os.DirFS(sources)); err != nil {
		t.Fatal(err)
	}
	one, two := dist(t, sources, here), dist(t, elsewhere, here)

	want := map[string][]string{
		"terraform-provider-stillvault_0.9.1_SHA256SUMS": {
			"terraform-provider-stillvault_0.9.1_" + here.String() + ".zip",
			"terraform-provider-stillvault_0.9.1_manifest.json",
		},
		"stillvault_0.9.1_SHA256SUMS": {
			"stillvault_0.9.1_" + here.String() + ".zip",
			"vault-plugin-secrets-stillvault_0.9.1_" + here.String() + ".zip",
		},
	}
	var all []string
	for sums, files := range want {
		all = append(append(all, sums), files...)
		checkSums(t, one, sums, files)
	}
	slices.Sort(all)
	if got := names(t, one); !slices.Equal(got, all) {
		t.Errorf("the release has %q, want %q", got, all)
	}
	for _, name := range all {
		if !bytes.Equal(read(t, one, name), read(t, two, name)) {
			t.Errorf("%s is another file when built elsewhere", name)
		}
	}
	checkManifest(t, read(t, one, "terraform-provider-stillvault_0.9.1_manifest.json"))
	program := "terraform-provider-stillvault_v0.9.1"
	checkArchive(t, filepath.Join(one, "terraform-provider-stillvault_0.9.1_"+here.String()+".zip"), here.file(program))
	checkArchive(t, filepath.Join(one, "stillvault_0.9.1_"+here.String()+".zip"), here.file("stillvault"))
}

func TestDistRemovesOnlyWhatItMakes(t *testing.T) {
	dir := t.TempDir()
	mine := []string{"stillvault_0.1.0_linux_amd64.zip", "stillvault_0.1.0_SHA256SUMS", provider + "_0.1.0_SHA256SUMS.sig", provider + "_0.1.0_manifest.json"}
	foreign := []string{"notes.txt", "stillvault.zip", "other_0.1.0_linux_amd64.zip"}
	for _, name := range slices.Concat(mine, foreign) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := (distribution{dir: dir}).clear(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(foreign)
	if got := names(t, dir); !slices.Equal(got, foreign) {
		t.Errorf("left are %q, want %q", got, foreign)
	}
}

func TestSumsAreSignedByTheNamedKey(t *testing.T) {
	gpg, err := exec.LookPath("gpg")
	if err != nil {
		unable(t, "gpg is missing, which signs releases; install GnuPG")
	}
	// gpg-agent's socket needs a short path.
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	t.Setenv("GNUPGHOME", home)
	command(t, gpg, "--batch", "--passphrase", "", "--quick-generate-key", "release@example.com", "ed25519", "sign", "1d")

	d := distribution{version: testVersion, dir: t.TempDir(), key: "release@example.com", say: io.Discard}
	if err := os.WriteFile(filepath.Join(d.dir, "file"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.sum(context.Background(), provider, []string{"file"}); err != nil {
		t.Fatal(err)
	}
	sums := filepath.Join(d.dir, provider+"_"+testVersion+"_SHA256SUMS")
	command(t, gpg, "--verify", sums+".sig", sums)
	if text := read(t, d.dir, filepath.Base(sums)+".sig"); bytes.HasPrefix(text, []byte("-----")) {
		t.Error("the signature is armoured; registries take the binary form")
	}

	d.key = "nobody@example.com"
	var exit *exec.ExitError
	if err := d.sum(context.Background(), provider, []string{"file"}); !errors.As(err, &exit) {
		t.Errorf("with a key that is not here: %v", err)
	}
}

// dist makes a release from sources, and returns where it lies.
func dist(t *testing.T, sources string, on platform) string {
	t.Helper()
	d := distribution{version: testVersion, top: sources, dir: t.TempDir(), platforms: []platform{on}, say: t.Output(),
		ldflags: "-X main.release=" + testVersion}
	if err := d.make(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d.dir
}

// copySources copies what git has or would take of this checkout, and the phone
// app that was built in it, to a directory.
func copySources(t *testing.T, top string) {
	t.Helper()
	const app = "plugins/phone/dist"
	if built := names(t, filepath.Join("../..", app)); len(built) < 2 {
		t.Fatal("the phone app is not built: run `make phone`")
	}
	if err := os.CopyFS(filepath.Join(top, app), os.DirFS(filepath.Join("../..", app))); err != nil {
		t.Fatal(err)
	}
	listed := command(t, "git", "-C", "../..", "ls-files", "-co", "--exclude-standard")
	for name := range strings.Lines(listed) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, app) || strings.HasPrefix(name, "docs/") {
			continue // copied, and not built
		}
		content, err := os.ReadFile(filepath.Join("../..", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// checkSums wants a SHA256SUMS that lists these files, sorted, and no other.
func checkSums(t *testing.T, dir, sums string, files []string) {
	t.Helper()
	var want strings.Builder
	for _, name := range files {
		fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(read(t, dir, name)), name)
	}
	if got := string(read(t, dir, sums)); got != want.String() {
		t.Errorf("%s is\n%swant\n%s", sums, got, want.String())
	}
}

func checkManifest(t *testing.T, text []byte) {
	t.Helper()
	var manifest struct {
		Version  int
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Version != 1 || !slices.Equal(manifest.Metadata.Protocols, []string{"6.0"}) {
		t.Errorf("the manifest says %s", text)
	}
}

// checkArchive wants a program that can be run and the licence.
func checkArchive(t *testing.T, path, program string) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	modes := map[string]os.FileMode{"LICENSE": 0o644, program: 0o755}
	for _, file := range archive.File {
		if mode, ok := modes[file.Name]; !ok || file.Mode() != mode || !file.Modified.Equal(packed) || file.UncompressedSize64 == 0 {
			t.Errorf("%s has %s, %s, of %s, %d bytes", path, file.Name, file.Mode(), file.Modified, file.UncompressedSize64)
		}
		delete(modes, file.Name)
	}
	for name := range modes {
		t.Errorf("%s has no %s", path, name)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// command runs a program that has to succeed, and returns what it printed.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	var failure bytes.Buffer
	c := exec.Command(name, args...)
	c.Stderr = &failure
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, failure.String())
	}
	return string(out)
}

// unable ends a test that cannot run here: in CI it fails.
func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip("NOT TESTED: " + why)
}
