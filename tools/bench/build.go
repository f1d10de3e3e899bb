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
	to := filepath.Join(dir, path.Base(pkg))
	p.say("building %s", path.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, pkg)
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
