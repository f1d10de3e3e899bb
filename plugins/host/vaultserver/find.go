package vaultserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MinVersion is the oldest Vault that runs the plug-in: the first one that
// multiplexes and versions external secrets engines as it relies on.
const MinVersion = "1.15"

var (
	// ErrNoVault means that there is no Vault program to run.
	ErrNoVault = errors.New("no vault program found: run `make tools` to build one into tools/bin, " +
		"install Vault " + MinVersion + " or later on PATH, or set VAULT_BIN to its path")

	// ErrNotVault means that the program found does not print a Vault
	// version, or that VAULT_BIN names no program.
	ErrNotVault = errors.New("not a Vault program: unset VAULT_BIN or point it at one, or run `make tools`")

	// ErrTooOld means that the Vault found is older than MinVersion.
	ErrTooOld = errors.New("vault is older than " + MinVersion + ": upgrade it, or run `make tools` to build one into tools/bin")
)

// Binary is a Vault program: its path, and its version such as "1.21.0".
type Binary struct{ Path, Version string }

// Find looks for a Vault program: VAULT_BIN if that is set, then
// tools/bin/vault under root unless root is empty, then PATH. The first that
// exists is asked for its version; a wrong one is an error rather than a
// reason to look further, so that nobody tests another Vault than they think.
// The errors are ErrNoVault, ErrNotVault and ErrTooOld.
func Find(ctx context.Context, root string) (Binary, error) {
	path, err := locate(root)
	if err != nil {
		return Binary{}, err
	}
	version, err := versionOf(ctx, path)
	if err != nil {
		return Binary{}, err
	}
	return Binary{Path: path, Version: version}, nil
}

func locate(root string) (string, error) {
	if path := os.Getenv("VAULT_BIN"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("VAULT_BIN: %w: %w", err, ErrNotVault)
		}
		return filepath.Abs(found)
	}
	if root != "" {
		if found, err := exec.LookPath(filepath.Join(root, "tools", "bin", "vault")); err == nil {
			return filepath.Abs(found)
		}
	}
	found, err := exec.LookPath("vault")
	if err != nil {
		return "", ErrNoVault
	}
	return found, nil
}

// versionLine matches "Vault v1.21.0 (hash), built …" and releases named
// like v1.19.0+ent and v1.21.0-rc1.
var versionLine = regexp.MustCompile(`^Vault v((\d+)\.(\d+)\.\d+[^\s,]*)`)

func versionOf(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = environment()
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("asking %s for its version: %w: %w", path, err, ErrNotVault)
	}
	match := versionLine.FindStringSubmatch(out.String())
	if match == nil {
		return "", fmt.Errorf("%s prints no version: %w", path, ErrNotVault)
	}
	if older(match[2], match[3]) {
		return "", fmt.Errorf("%s is %s: %w", path, match[1], ErrTooOld)
	}
	return match[1], nil
}

// older reports whether major.minor lies before MinVersion. A number too long
// for an int is not old.
func older(major, minor string) bool {
	minMajor, minMinor, _ := strings.Cut(MinVersion, ".")
	if major != minMajor {
		return lessNumber(major, minMajor)
	}
	return lessNumber(minor, minMinor)
}

func lessNumber(a, b string) bool {
	x, errA := strconv.Atoi(a)
	y, errB := strconv.Atoi(b)
	return errA == nil && errB == nil && x < y
}

// environment is this process's without what would steer a Vault program:
// the caller's VAULT_TOKEN has no business in a server made for a test.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VAULT_") {
			kept = append(kept, variable)
		}
	}
	return kept
}
