package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// PluginName is what the plug-in is called in Vault's catalogue, and the
// beginning of its file's name.
const PluginName = "vault-plugin-secrets-stillvault"

// binary is a plug-in program on this host.
type binary struct {
	path    string
	sum     string // SHA-256, 64 hexadecimal digits
	version string // such as v0.1.0, as the program itself says
}

// command is the file's name in the plug-in directory. It carries the version,
// so that an upgrade never writes over a program that runs.
func (b binary) command() string { return PluginName + "_" + b.version }

var semantic = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// inspect reads a program's checksum and asks it for its version: the checksum
// first, so that what was asked is what is registered.
func inspect(ctx context.Context, path string) (binary, error) {
	sum, err := fileSum(path)
	if err != nil {
		return binary{}, fmt.Errorf("read the plug-in: %w: %w", err, ErrBinary)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return binary{}, fmt.Errorf("read the plug-in: %w: %w", err, ErrBinary)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, absolute, "--version").Output()
	if err != nil {
		return binary{}, fmt.Errorf("ask %s for its version: %w%s: %w", path, err, lastWords(err), ErrBinary)
	}
	version := strings.TrimSpace(string(out))
	if !semantic.MatchString(version) {
		return binary{}, fmt.Errorf("ask %s for its version: it says %.80q, not one such as v0.1.0: %w", path, version, ErrBinary)
	}
	return binary{path: absolute, sum: sum, version: version}, nil
}

// lastWords is what a program that failed wrote last, to be put after its error.
func lastWords(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Sprintf(" (%.200s)", last)
	}
	return ""
}

// fileSum is the SHA-256 of a file in 64 hexadecimal digits.
func fileSum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
