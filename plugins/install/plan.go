package install

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/phone"
)

// Plan is what will be done, and in this order. Its exported fields and Steps
// tell it; it is carried out by the installer that made it.
type Plan struct {
	Vault   string // address
	Name    string // of the plug-in in Vault's catalogue
	Path    string // of the mount, without slashes around it
	Version string // that will run
	SHA256  string // of its program, 64 hexadecimal digits
	Command string // its file's name in the plug-in directory
	From    string // the version that runs there now, empty if none

	CopyFrom, CopyTo string // both empty if nothing is copied
	Register         bool
	Enable           bool     // mount the engine
	Switch           bool     // drain, have the mount run Version, verify
	Trial            bool     // before that, see whether Version starts
	Tune             bool     // headers and description
	Description      string   // that the mount is to have; empty: descriptionText where it has none
	Before           []string // what the operator has to see to first
	Notes            []string
	Rights           []string // an ACL policy that grants what the plan takes, a line for each path

	siblings []string // mounts whose reads end with From's process
	binary   binary
	previous string // the version that the mount remembers as the one before
}

// descriptionText is what `vault secrets list` shows for the mount.
const descriptionText = "Stillvault: secrets that no server can open"

// allowedHeaders are the response headers of the engine's phone app that a
// browser needs. Vault drops every other header of a plug-in's answer, and a
// page without its Content-Security-Policy is one that more can be done to.
var allowedHeaders = phone.AllowedHeaders()

// Plan looks at the binary and at Vault, and says what installing takes. It
// changes nothing.
func (in *Installer) Plan(ctx context.Context) (*Plan, error) {
	s, err := in.look(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := in.localDir(s)
	if err != nil {
		return nil, err
	}
	b, err := inspect(ctx, in.options.Binary)
	if err != nil {
		return nil, err
	}
	p := in.plan(b.version, b.sum, b.command())
	p.binary = b
	if err := in.planCatalog(ctx, p, s); err != nil {
		return nil, err
	}
	in.planMount(p, s)
	if dir != "" && !placed(b, dir) {
		p.CopyFrom, p.CopyTo = b.path, filepath.Join(dir, b.command())
	}
	p.note(s, dir)
	return p, in.allow(p, s)
}

// planCatalog decides whether the version must be registered. One that some
// mount runs with other contents, or could be rolled back to, is left alone.
func (in *Installer) planCatalog(ctx context.Context, p *Plan, s *situation) error {
	entry, err := in.registered(ctx, p.Version)
	if err != nil {
		return err
	}
	p.Register = entry == nil || entry.SHA256 != p.SHA256 || entry.Command != p.Command
	other := s.inUse[p.Version]
	if other == "" && entry != nil && s.mount != nil && s.mount.Options[previousOption] == p.Version {
		other = entry.SHA256
	}
	if other != "" && other != p.SHA256 {
		return fmt.Errorf("%s is in use with checksum %.12s…, this program has %.12s…: %w", p.Version, other, p.SHA256, ErrVersionTaken)
	}
	return nil
}

// planMount decides what the mount needs.
func (in *Installer) planMount(p *Plan, s *situation) {
	if s.mount == nil {
		p.Enable = true
		return
	}
	p.From, p.previous, p.siblings = s.mount.RunningVersion, s.mount.Options[previousOption], s.siblings
	p.Switch = s.mount.PluginVersion != p.Version || s.mount.RunningVersion != p.Version || s.mount.RunningSha256 != p.SHA256
	p.Trial = p.Switch && s.caps.may("sys/mounts/"+in.trialPath(), "update", "delete")
	p.Tune = len(missingHeaders(s.mount.Config.AllowedResponseHeaders)) > 0 || p.describe(s.mount) != s.mount.Description
	slices.Sort(p.siblings)
}

// plan begins a plan for a version.
func (in *Installer) plan(version, sum, command string) *Plan {
	return &Plan{Vault: in.vault.Address(), Name: in.options.Name, Path: in.options.Path, Version: version, SHA256: sum, Command: command}
}

// describe is the description that a mount is to have.
func (p *Plan) describe(mount *api.MountOutput) string {
	return cmp.Or(p.Description, mount.Description, descriptionText)
}

// missingHeaders are those of allowedHeaders that are not among allowed.
func missingHeaders(allowed []string) []string {
	var missing []string
	for _, header := range allowedHeaders {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, header) }) {
			missing = append(missing, header)
		}
	}
	return missing
}

// note adds what a person has to know or to do.
func (p *Plan) note(s *situation, dir string) {
	add := func(format string, args ...any) { p.Notes = append(p.Notes, fmt.Sprintf(format, args...)) }
	before := func(format string, args ...any) { p.Before = append(p.Before, fmt.Sprintf(format, args...)) }
	where := s.dir
	if where == "" {
		where = "the directory that plugin_directory names"
	}
	mine := fmt.Sprintf("%s as %s in %s, mode 0755, sha256 %s", p.binary.path, p.Command, where, p.SHA256)
	switch {
	case p.binary.path == "":
	case dir == "" && (p.Register || p.Switch || p.Enable):
		before("vault's plug-in directory is not on this host, or is to be named with --plugin-dir: put %s on every node%s", mine, list(" (", s.nodes, ")"))
	case len(s.nodes) > 1:
		before("any node may become the active one: put %s on each of%s", mine, list(" ", s.nodes, ""))
	}
	if s.locksMemory && (p.Enable || p.Switch) {
		before("vault locks its memory, so the plug-in does too: run `setcap cap_ipc_lock=+ep` on %s on every node, unless it may lock memory already", p.Command)
	}
	if p.Switch && !p.Trial {
		add("the token may not mount %s-trial/, so %s is not tried before the switch", p.Path, p.Version)
	}
	if p.Switch && len(p.siblings) > 0 {
		add("%s run in the same process and are drained as well", strings.Join(p.siblings, "/, ")+"/")
	}
	if s.vaultVersion == "" {
		add("vault hides its version; it must be %s or later", minVersion)
	}
}

func list(before string, items []string, after string) string {
	if len(items) == 0 {
		return ""
	}
	return before + strings.Join(items, ", ") + after
}

// Done says whether nothing is left to do.
func (p *Plan) Done() bool {
	return p.CopyTo == "" && !p.Register && !p.Enable && !p.Switch && !p.Tune
}

// Steps tells the plan to a person, a line for each step.
func (p *Plan) Steps() []string {
	var steps []string
	add := func(wanted bool, format string, args ...any) {
		if wanted {
			steps = append(steps, fmt.Sprintf(format, args...))
		}
	}
	add(p.CopyTo != "", "copy %s to %s", p.CopyFrom, p.CopyTo)
	add(p.Register, "register %s %s, sha256 %s", p.Name, p.Version, p.SHA256)
	add(p.Enable, "enable it at %s/, with the headers that its pages need", p.Path)
	add(p.Trial, "try %s at %s-trial/, beside what runs", p.Version, p.Path)
	add(p.Switch, "drain %s/: reads that wait end with \"run the same command again\"", p.Path)
	add(p.Switch, "switch %s/ from %s to %s and reload it", p.Path, orNone(p.From), p.Version)
	add(p.Switch, "end the drain")
	add(p.Tune, "allow the headers of its pages and describe the mount")
	add(true, "verify that %s/ runs %s", p.Path, p.Version)
	return steps
}

func orNone(version string) string {
	if version == "" {
		return "no version"
	}
	return version
}
