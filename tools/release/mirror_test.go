package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestTheMirrorIsAllThatInitNeeds installs the built provider into an empty
// home directory, and lets the real programs find it there, without a network.
func TestTheMirrorIsAllThatInitNeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it builds the provider")
	}
	binary := filepath.Join(t.TempDir(), provider)
	command(t, "go", "build", "-C", "../..", "-o", binary, "./terraform-provider")
	home := emptyHome(t)
	var said bytes.Buffer
	if err := install(binary, testVersion, &said); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, variable, built string }{
		{"terraform", "TERRAFORM_BIN", ""},
		{"tofu", "TOFU_BIN", "../bin/tofu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := find(t, c.name, c.variable, c.built)
			dir := t.TempDir()
			// What it says to write is what works.
			configuration := said.String()
			configuration = configuration[strings.Index(configuration, "  terraform {"):strings.Index(configuration, "and run")]
			if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := hermetic(t, home, dir, program, "init", "-no-color"); !strings.Contains(out, "v"+testVersion) {
				t.Errorf("init says\n%s", out)
			}
			if out := hermetic(t, home, dir, program, "providers", "schema", "-json"); !strings.Contains(out, `"stillvault_group"`) {
				t.Errorf("the installed provider has no stillvault_group:\n%.500s", out)
			}
		})
	}
}

func TestInstallingAgainReplacesTheProgram(t *testing.T) {
	home := emptyHome(t)
	binary := filepath.Join(t.TempDir(), "built")
	for _, content := range []string{"first", "second"} {
		if err := os.WriteFile(binary, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		if err := install(binary, testVersion, &said); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said.String(), "Nothing else is needed.") {
			t.Errorf("it says\n%s", said.String())
		}
	}
	for _, host := range hosts {
		dir := filepath.Join(root(t, home), host, "stillvault", "stillvault", testVersion, runtime.GOOS+"_"+runtime.GOARCH)
		installed := platform{runtime.GOOS, runtime.GOARCH}.file(provider + "_v" + testVersion)
		if got := names(t, dir); len(got) != 1 || got[0] != installed {
			t.Fatalf("%s has %q, want only %s", dir, got, installed)
		}
		if got := string(read(t, dir, installed)); got != "second" {
			t.Errorf("%s is the %s build", installed, got)
		}
		if info, err := os.Stat(filepath.Join(dir, installed)); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", installed, info, err)
		}
	}
}

func TestAConfiguredInstallationIsTold(t *testing.T) {
	home := emptyHome(t)
	rc := filepath.Join(home, "cli.rc")
	t.Setenv("TF_CLI_CONFIG_FILE", rc)
	if err := os.WriteFile(rc, []byte("provider_installation {\n  direct {}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := install(os.Args[0], testVersion, &said); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{rc, "filesystem_mirror", root(t, home), "registry.opentofu.org/stillvault/stillvault"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %s:\n%s", want, said.String())
		}
	}
	if strings.Contains(said.String(), "Nothing else is needed.") {
		t.Error("it says that nothing else is needed")
	}
}

// emptyHome makes a home directory that nothing was configured in this test's.
func emptyHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("APPDATA", filepath.Join(home, "AppData"))
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("TF_CLI_CONFIG_FILE", "")
	return home
}

// root is the directory below home that providers are installed into.
func root(t *testing.T, home string) string {
	t.Helper()
	dir, err := mirrorDir()
	if err != nil || !strings.HasPrefix(dir, home) {
		t.Fatalf("it installs into %s (%v), which is outside the home directory", dir, err)
	}
	return dir
}

// find looks for a program: what the variable names, one that make built, or
// one on PATH.
func find(t *testing.T, name, variable, built string) string {
	t.Helper()
	for _, candidate := range []string{os.Getenv(variable), built, name} {
		if path, err := exec.LookPath(candidate); err == nil {
			if path, err = filepath.Abs(path); err == nil {
				return path
			}
		}
	}
	unable(t, name+" is missing: name one in "+variable+" (`make tofu` builds OpenTofu)")
	return ""
}

// hermetic runs a program with nothing of this machine's configuration and no
// way to a registry.
func hermetic(t *testing.T, home, dir, program string, args ...string) string {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = dir
	c.Env = []string{"HOME=" + home, "APPDATA=" + os.Getenv("APPDATA"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"TMPDIR=" + t.TempDir(), "CHECKPOINT_DISABLE=1", "HTTPS_PROXY=http://127.0.0.1:1"}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}
