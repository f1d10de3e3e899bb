package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A program is one that a release carries, in an archive of its own for each
// platform.
type program struct {
	name    string // of the program and of its archives
	source  string // its package, from the top of the repository
	release string // whose SHA256SUMS lists its archives
	// versioned programs carry their version in the name of the file, which is
	// how Terraform finds a provider in its archive.
	versioned bool
}

const provider = "terraform-provider-stillvault"

// programs are published in two releases: the registry takes the provider's
// files by themselves.
var programs = []program{
	{name: provider, source: "./terraform-provider", release: provider, versioned: true},
	{name: "stillvault", source: "./cmd/stillvault", release: "stillvault"},
	{name: "vault-plugin-secrets-stillvault", source: "./vault-backend/cmd/vault-plugin-secrets-stillvault", release: "stillvault"},
}

// file is what the program is called inside its archive.
func (p program) file(version string, on platform) string {
	if p.versioned {
		return on.file(p.name + "_v" + version)
	}
	return on.file(p.name)
}

// archive is what the program's archive for a platform is called.
func (p program) archive(version string, on platform) string {
	return fmt.Sprintf("%s_%s_%s.zip", p.name, version, on)
}

// build compiles the program from the sources below top into the file at path.
// The bytes depend on the sources, the toolchain and ldflags; neither on where
// the sources lie nor on who builds.
func (p program) build(ctx context.Context, top, path, ldflags string, on platform) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", strings.TrimSpace("-s -w "+ldflags), "-o", path, p.source)
	build.Dir = top
	build.Env = append(os.Environ(),
		"GOOS="+on.os, "GOARCH="+on.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"CGO_ENABLED=0", "GOFLAGS=-trimpath -buildvcs=false", "GOEXPERIMENT="+experiment(ctx, on))
	if words, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s for %s: %w\n%s", p.name, on, err, words)
	}
	return nil
}

// experiment is what `make build` sets: runtime/secret, where this toolchain
// has it for the platform.
func experiment(ctx context.Context, on platform) string {
	if !on.confines() {
		return ""
	}
	list := exec.CommandContext(ctx, "go", "list", "runtime/secret")
	list.Env = append(os.Environ(), "GOOS="+on.os, "GOARCH="+on.arch, "GOEXPERIMENT=runtimesecret")
	if list.Run() != nil {
		return ""
	}
	return "runtimesecret"
}
