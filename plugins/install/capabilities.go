package install

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
)

// capabilities are what the token may do, by path.
type capabilities map[string][]string

// need is one path and what must be allowed on it.
type need struct {
	path    string
	allowed []string
}

func (in *Installer) catalogPath() string { return "sys/plugins/catalog/secret/" + in.options.Name }

// needsToLook are the rights that every plan begins with.
func (in *Installer) needsToLook() []need {
	return []need{
		{"sys/mounts", []string{"read"}},
		{in.catalogPath(), []string{"read", "sudo"}},
	}
}

// needs are the rights that a plan takes.
func (in *Installer) needs(p *Plan) []need {
	needs := in.needsToLook()
	if p.Register {
		needs = append(needs, need{in.catalogPath(), []string{"update", "sudo"}})
	}
	if p.Enable {
		needs = append(needs, need{"sys/mounts/" + p.Path, []string{"update"}})
	}
	if p.Switch || p.Tune {
		needs = append(needs, need{"sys/mounts/" + p.Path + "/tune", []string{"update"}})
	}
	if p.Switch {
		needs = append(needs,
			need{p.Path + "/config", []string{"update", "sudo"}},
			need{p.Path + "/status", []string{"read"}},
			need{"sys/plugins/reload/backend", []string{"update"}})
	}
	return append(needs, need{p.Path + "/mount", []string{"read"}})
}

// allow has a plan tell the rights that it takes, and refuses a token that lacks one.
func (in *Installer) allow(p *Plan, s *situation) error {
	needs := in.needs(p)
	all := capabilities{}.lacking(needs)
	p.Rights = all.Policy()
	return s.caps.require(needs)
}

// capabilities asks, in one call, for every right that any plan may take.
func (in *Installer) capabilities(ctx context.Context) (capabilities, error) {
	paths := []string{"sys/config/state/sanitized", "sys/ha-status", "sys/plugins/catalog", "sys/mounts/" + in.trialPath()}
	for _, n := range in.needs(&Plan{Path: in.options.Path, Register: true, Enable: true, Switch: true}) {
		if !slices.Contains(paths, n.path) {
			paths = append(paths, n.path)
		}
	}
	answer, err := in.vault.Logical().WriteWithContext(ctx, "sys/capabilities-self", map[string]any{"paths": paths})
	if err != nil {
		var refused *api.ResponseError
		if errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden {
			return nil, fmt.Errorf("ask what the token may do: vault says %q: %w", brief(plain(refused.Errors)), ErrToken)
		}
		if notFound(err) {
			return nil, fmt.Errorf("ask what the token may do: %s does not tell: %w", in.vault.Address(), ErrNoCatalogue)
		}
		return nil, explain("ask what the token may do", err)
	}
	caps := capabilities{}
	for _, path := range paths {
		list, ok := answer.Data[path].([]any)
		if !ok {
			return nil, fmt.Errorf("ask what the token may do: vault's answer leaves out %s", path)
		}
		for _, capability := range list {
			name, ok := capability.(string)
			if !ok {
				return nil, fmt.Errorf("ask what the token may do: vault's answer on %s is no list of names", path)
			}
			caps[path] = append(caps[path], name)
		}
	}
	return caps, nil
}

// may says whether all of these are allowed on a path.
func (c capabilities) may(path string, wanted ...string) bool {
	if slices.Contains(c[path], "root") {
		return true
	}
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(c[path], w) })
}

// require fails with a [*PermissionError] that lists what is missing.
func (c capabilities) require(needs []need) error {
	if lacks := c.lacking(needs); len(lacks.Missing) > 0 {
		return lacks
	}
	return nil
}

// lacking lists what is missing.
func (c capabilities) lacking(needs []need) *PermissionError {
	missing := map[string][]string{}
	for _, n := range needs {
		if c.may(n.path, n.allowed...) {
			continue
		}
		for _, allowed := range n.allowed {
			if !slices.Contains(missing[n.path], allowed) {
				missing[n.path] = append(missing[n.path], allowed)
			}
		}
	}
	return &PermissionError{Missing: missing}
}

// PermissionError says what the token would have to be allowed. It is an
// [ErrPermission].
type PermissionError struct {
	Missing map[string][]string // capabilities by path
}

// Error lists the paths and what is missing on each.
func (e *PermissionError) Error() string {
	var texts []string
	for _, path := range slices.Sorted(maps.Keys(e.Missing)) {
		texts = append(texts, strings.Join(e.Missing[path], " and ")+" on "+path)
	}
	return fmt.Sprintf("the token lacks %s: %v", strings.Join(texts, ", "), ErrPermission)
}

// Is makes it an [ErrPermission].
func (e *PermissionError) Is(target error) bool { return target == ErrPermission }

// Policy is an ACL policy that grants what is missing, a line for each path.
func (e *PermissionError) Policy() []string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(e.Missing)) {
		lines = append(lines, fmt.Sprintf("path %q { capabilities = [\"%s\"] }", path, strings.Join(e.Missing[path], `", "`)))
	}
	return lines
}
