package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/stillvault/stillvault/core/envelope"
)

// build compiles a program into dir, with the settings that this one was built
// with, and returns its path.
func build(ctx context.Context, p *progress, dir, pkg string) (string, error) {
	return buildIn(ctx, p, ".", filepath.Join(dir, path.Base(pkg)), pkg)
}

// buildIn does so in the module of a directory, and returns to.
func buildIn(ctx context.Context, p *progress, module, to, pkg string) (string, error) {
	p.say("building %s", filepath.Base(to))
	cmd := exec.CommandContext(ctx, "go", "build", "-C", module, "-trimpath", "-o", to, pkg)
	cmd.Env = append(os.Environ(), buildSettings()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return to, nil
}

// buildSettings are those that this program was built with.
func buildSettings() []string {
	if envelope.Confined {
		return []string{"CGO_ENABLED=0", "GOEXPERIMENT=runtimesecret"}
	}
	return []string{"CGO_ENABLED=0", "GOEXPERIMENT="}
}
