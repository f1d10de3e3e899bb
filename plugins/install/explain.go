package install

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
)

// explanations tell what Vault means by its texts. They cross HTTP without a
// code of their own, so the text is all there is; a text that is not known here
// is passed on as it is. The first that fits counts.
var explanations = []struct {
	text string
	err  error
}{
	{"plugin directory is not configured", ErrNoPluginDir},
	{"cannot execute files outside of configured plugin directory", ErrPluginDirLink},
	{"checksums did not match", ErrChecksum},
	{"did not match requested version", ErrVersionMismatch},
	{"plugin version mismatch", ErrVersionMismatch},
	{"pinned version", ErrPinned},
	{"plugin not found in the catalog", ErrNotRegistered},
	{"error while validating the command path", ErrBinaryMissing},
	{"no such file or directory", ErrBinaryMissing},
	{"cannot allocate memory", ErrMlock},
	{"failed to lock memory", ErrMlock},
	{"exec format error", ErrNotExecutable},
	{"fork/exec", ErrNotExecutable},
	{"unrecognized remote plugin message", ErrCrashed},
	{"plugin exited before we could connect", ErrCrashed},
	{"failed to read any lines from plugin's stdout", ErrCrashed},
	{"timeout while waiting for plugin to start", ErrCrashed},
	{"vault is sealed", ErrSealed},
}

// explain wraps an answer of Vault's in what it means, after what was being
// done. A nil err stays nil.
func explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	var answer *api.ResponseError
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: interrupted: %w", doing, err)
	}
	if !errors.As(err, &answer) {
		var where *url.Error // repeats the whole address, query and all
		if errors.As(err, &where) {
			err = where.Err
		}
		return fmt.Errorf("%s: %w: %w", doing, err, ErrUnreachable)
	}
	said := plain(answer.Errors)
	lower := strings.ToLower(said)
	for _, e := range explanations {
		if strings.Contains(lower, e.text) {
			return fmt.Errorf("%s: vault says %q: %w", doing, brief(said), e.err)
		}
	}
	if answer.StatusCode == http.StatusForbidden {
		return fmt.Errorf("%s: vault says %q: %w", doing, brief(said), ErrPermission)
	}
	if said == "" {
		said = strings.ToLower(http.StatusText(answer.StatusCode))
	}
	return fmt.Errorf("%s: vault answers %d: %s", doing, answer.StatusCode, brief(said))
}

// plain makes one text of Vault's list of errors, a line each.
func plain(texts []string) string {
	var lines []string
	for _, line := range strings.Split(strings.Join(texts, "\n"), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "* ")
		if line != "" && !strings.HasSuffix(line, "occurred:") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// brief is what is passed on of a text: its first lines and its last, where it
// is long. Between them go-plugin lists what might be the cause.
func brief(text string) string {
	const first, last = 1, 5
	lines := strings.Split(text, "\n")
	if len(lines) > first+last {
		lines = append(append(slices.Clone(lines[:first]), "…"), lines[len(lines)-last:]...)
	}
	return strings.Join(lines, "; ")
}
