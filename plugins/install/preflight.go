package install

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/api"
)

// minVersion is the oldest Vault that multiplexes and versions external secrets
// engines as the plug-in relies on.
const minVersion = "1.15"

// situation is what Vault looked like when a plan was made.
type situation struct {
	vaultVersion string // empty where the listener hides it
	caps         capabilities
	dir          string   // Vault's plugin_directory; empty where that may not be read, or a flag gives it
	locksMemory  bool     // disable_mlock was read and is false
	nodes        []string // host names of the cluster, where they may be read
	mount        *api.MountOutput
	siblings     []string          // other mounts of the plug-in that run in the same process
	inUse        map[string]string // checksums by version that some mount runs
}

// look checks that Vault can be worked with and reads what a plan depends on.
func (in *Installer) look(ctx context.Context) (*situation, error) {
	s := &situation{}
	if err := in.lookAtHealth(ctx, s); err != nil {
		return nil, err
	}
	var err error
	if s.caps, err = in.capabilities(ctx); err != nil {
		return nil, err
	}
	if err := s.caps.require(in.needsToLook()); err != nil {
		return nil, err
	}
	if err := in.lookAtConfig(ctx, s); err != nil {
		return nil, err
	}
	return s, in.lookAtMounts(ctx, s)
}

// lookAtHealth asks for what Vault tells without a token.
func (in *Installer) lookAtHealth(ctx context.Context, s *situation) error {
	health, err := in.vault.Sys().HealthWithContext(ctx)
	switch {
	case err != nil:
		return explain("reach Vault at "+in.vault.Address(), err)
	case !health.Initialized:
		return fmt.Errorf("vault at %s: %w", in.vault.Address(), ErrNotReady)
	case health.Sealed:
		return fmt.Errorf("vault at %s: %w", in.vault.Address(), ErrSealed)
	case tooOld(health.Version):
		return fmt.Errorf("vault at %s is %s: %w", in.vault.Address(), health.Version, ErrOldVault)
	}
	s.vaultVersion = health.Version
	return nil
}

var majorMinor = regexp.MustCompile(`^v?(\d+)\.(\d+)\.`)

// tooOld says whether a version lies before minVersion. One that does not say
// is not old: listeners can hide it.
func tooOld(version string) bool {
	match := majorMinor.FindStringSubmatch(version)
	if match == nil {
		return false
	}
	least := majorMinor.FindStringSubmatch(minVersion + ".")
	major, errMajor := strconv.Atoi(match[1])
	minor, errMinor := strconv.Atoi(match[2])
	leastMajor, _ := strconv.Atoi(least[1])
	leastMinor, _ := strconv.Atoi(least[2])
	if errMajor != nil || errMinor != nil {
		return false
	}
	return major < leastMajor || major == leastMajor && minor < leastMinor
}

// lookAtConfig reads the configuration and the nodes, as far as the token may.
func (in *Installer) lookAtConfig(ctx context.Context, s *situation) error {
	if s.caps.may("sys/config/state/sanitized", "read") {
		answer, err := in.vault.Logical().ReadWithContext(ctx, "sys/config/state/sanitized")
		if err != nil {
			return explain("read Vault's configuration", err)
		}
		if answer != nil {
			s.dir, _ = answer.Data["plugin_directory"].(string)
			disabled, known := answer.Data["disable_mlock"].(bool)
			s.locksMemory = known && !disabled
		}
	}
	if s.caps.may("sys/ha-status", "read") {
		status, err := in.vault.Sys().HAStatusWithContext(ctx)
		if err != nil {
			return explain("list Vault's nodes", err)
		}
		for _, node := range status.Nodes {
			s.nodes = append(s.nodes, node.Hostname)
		}
	}
	return nil
}

// lookAtMounts finds the engine, and what runs in the same process.
func (in *Installer) lookAtMounts(ctx context.Context, s *situation) error {
	mounts, err := in.vault.Sys().ListMountsWithContext(ctx)
	if err != nil {
		return explain("list the mounts", err)
	}
	s.mount, s.inUse = mounts[in.options.Path+"/"], map[string]string{}
	if s.mount != nil && s.mount.Type != in.options.Name {
		return fmt.Errorf("a %s engine is mounted at %s/: %w", s.mount.Type, in.options.Path, ErrPathTaken)
	}
	for path, mount := range mounts {
		path = strings.TrimSuffix(path, "/")
		if mount.Type != in.options.Name || path == in.trialPath() {
			continue
		}
		if s.inUse[mount.RunningVersion] == "" {
			s.inUse[mount.RunningVersion] = mount.RunningSha256
		}
		if s.mount != nil && path != in.options.Path && mount.RunningVersion == s.mount.RunningVersion {
			s.siblings = append(s.siblings, path)
		}
	}
	return nil
}

// mountAt reads what is mounted at a path; ErrNotMounted if nothing is. It lists
// all mounts, which is the right that is needed anyway.
func (in *Installer) mountAt(ctx context.Context, path string) (*api.MountOutput, error) {
	mounts, err := in.vault.Sys().ListMountsWithContext(ctx)
	if err != nil {
		return nil, explain("list the mounts", err)
	}
	mount := mounts[path+"/"]
	if mount == nil {
		return nil, fmt.Errorf("%s/: %w", path, ErrNotMounted)
	}
	return mount, nil
}

// registered reads what the catalogue has for a version; nil if nothing.
func (in *Installer) registered(ctx context.Context, version string) (*api.GetPluginResponse, error) {
	entry, err := in.vault.Sys().GetPluginWithContext(ctx, &api.GetPluginInput{
		Name: in.options.Name, Type: api.PluginTypeSecrets, Version: version,
	})
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, explain("read the plug-in catalogue", err)
	}
	return entry, nil
}

// onThisHost says whether Vault listens on this host, as far as its address
// tells.
func onThisHost(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Scheme == "unix" || u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

// localDir is the plug-in directory on this host; empty if it is not here.
func (in *Installer) localDir(s *situation) (string, error) {
	dir := in.options.PluginDir
	if dir == "" {
		if s.dir == "" || !onThisHost(in.vault.Address()) {
			return "", nil
		}
		dir = s.dir
	}
	return dir, checkDir(dir, s.dir)
}
