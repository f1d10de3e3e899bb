package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
)

// Declared is a version whose program lies in Vault's plug-in directory already, on
// every node, and how its mount is to be described.
type Declared struct {
	Version     string // such as v0.1.0, as the program itself says
	SHA256      string // of its program, 64 hexadecimal digits
	Command     string // its file's name in the plug-in directory; empty: the name that an installer gives it
	Description string // empty: as it is, or one that says what the mount is
}

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Check refuses what Vault would refuse later, with less to say about it.
func (d Declared) Check() error {
	if err := CheckVersion(d.Version); err != nil {
		return err
	}
	return CheckSum(d.SHA256)
}

// ErrVersionForm means that a text is no version, whatever is registered.
var ErrVersionForm = errors.New("version_invalid: give the version as the release and the program itself have it, with its v")

// CheckVersion refuses what is no version such as v0.1.0.
func CheckVersion(version string) error {
	if !semantic.MatchString(version) {
		return fmt.Errorf("version %.80q is not one such as v0.1.0: %w", version, ErrVersionForm)
	}
	return nil
}

// CheckSum refuses what is no SHA-256 of a program in hexadecimal: [ErrChecksum].
func CheckSum(sum string) error {
	if !hexSum.MatchString(sum) {
		return fmt.Errorf("sha256 %.80q is not 64 hexadecimal digits in lower case: %w", sum, ErrChecksum)
	}
	return nil
}

// CommandOf is what an installer calls the program of a version in the plug-in
// directory.
func CommandOf(version string) string { return binary{version: version}.command() }

// PlanDeclared says what it takes to run a declared version. It changes nothing, and
// copies nothing when it is carried out.
func (in *Installer) PlanDeclared(ctx context.Context, d Declared) (*Plan, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	s, err := in.look(ctx)
	if err != nil {
		return nil, err
	}
	p := in.plan(d.Version, d.SHA256, cmp.Or(d.Command, CommandOf(d.Version)))
	p.Description = d.Description
	if err := in.planCatalog(ctx, p, s); err != nil {
		return nil, err
	}
	in.planMount(p, s)
	p.note(s, "")
	return p, s.caps.require(in.needs(p))
}

// Installed is what is mounted, as Vault says.
type Installed struct {
	Version     string // that runs, empty where none does
	SHA256      string // of its program
	Command     string // its file's name in the plug-in directory
	Description string
	Accessor    string
	Missing     []string // headers that its pages need and that are not allowed
}

// Type is the name of the plug-in that is mounted at the path, whichever that is;
// [ErrNotMounted] if nothing is.
func (in *Installer) Type(ctx context.Context) (string, error) {
	mount, err := in.mountAt(ctx, in.options.Path)
	if err != nil {
		return "", err
	}
	return mount.Type, nil
}

// Look reads what is mounted at the path; [ErrNotMounted] if nothing is, [ErrPathTaken]
// if it is another engine.
func (in *Installer) Look(ctx context.Context) (*Installed, error) {
	mount, err := in.mountAt(ctx, in.options.Path)
	if err != nil {
		return nil, err
	}
	if mount.Type != in.options.Name {
		return nil, fmt.Errorf("a %s engine is mounted at %s/: %w", mount.Type, in.options.Path, ErrPathTaken)
	}
	i := &Installed{
		Version: mount.RunningVersion, SHA256: mount.RunningSha256, Description: mount.Description, Accessor: mount.Accessor,
		Missing: missingHeaders(mount.Config.AllowedResponseHeaders),
	}
	entry, err := in.registered(ctx, mount.RunningVersion)
	if err != nil || entry == nil {
		return i, err
	}
	i.Command = entry.Command
	return i, nil
}
