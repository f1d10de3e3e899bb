package install

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/vault/api"
)

// Result is the state after a plan was carried out.
type Result struct {
	Path     string   `json:"path"`
	Version  string   `json:"version"`            // that runs
	SHA256   string   `json:"sha256"`             // of its program
	Command  string   `json:"command"`            // its file's name in the plug-in directory
	From     string   `json:"from,omitempty"`     // that ran before this call, empty if none did
	Previous string   `json:"previous,omitempty"` // that a rollback would run
	Changed  []string `json:"changed"`            // copied, registered, enabled, switched, tuned
	Before   []string `json:"before,omitempty"`   // what the operator had to see to
	Notes    []string `json:"notes,omitempty"`
}

// cleanupTimeout bounds what is put right after a failure or an interruption.
const cleanupTimeout = 3 * time.Minute

// Apply carries a plan out. An error leaves the version before running, or says
// that it could not be put back: then it is a [*SwitchError].
func (in *Installer) Apply(ctx context.Context, p *Plan) (*Result, error) {
	r := &Result{Path: p.Path, From: p.From, Changed: []string{}, Before: p.Before, Notes: p.Notes}
	steps := []struct {
		wanted bool
		does   string
		run    func(context.Context, *Plan) error
		did    string
	}{
		{p.CopyTo != "", "copying the plug-in to " + p.CopyTo, in.copy, "copied"},
		{p.Register, fmt.Sprintf("registering %s %s", p.Name, p.Version), in.register, "registered"},
		{p.Enable, "enabling it at " + p.Path + "/", in.enable, "enabled"},
		{p.Trial, fmt.Sprintf("trying %s at %s/", p.Version, in.trialPath()), in.try, ""},
		{p.Switch, fmt.Sprintf("switching %s/ from %s to %s", p.Path, orNone(p.From), p.Version), in.change, "switched"},
		{p.Tune, "tuning " + p.Path + "/", in.tune, "tuned"},
		{true, fmt.Sprintf("verifying that %s/ runs %s", p.Path, p.Version), in.verify, ""},
	}
	for _, step := range steps {
		if !step.wanted {
			continue
		}
		in.say("%s …", step.does)
		if err := step.run(ctx, p); err != nil {
			return nil, err
		}
		if step.did != "" {
			r.Changed = append(r.Changed, step.did)
		}
	}
	r.Version, r.SHA256, r.Command, r.Previous = p.Version, p.SHA256, p.Command, p.before()
	return r, nil
}

// before is the version that a rollback runs once the plan is carried out.
func (p *Plan) before() string {
	if p.Switch && p.From != "" && p.From != p.Version {
		return p.From
	}
	if p.previous == p.Version {
		return ""
	}
	return p.previous
}

func (in *Installer) copy(_ context.Context, p *Plan) error {
	return place(p.binary, filepath.Dir(p.CopyTo))
}

func (in *Installer) register(ctx context.Context, p *Plan) error {
	err := in.vault.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: p.Name, Type: api.PluginTypeSecrets, Command: p.Command, SHA256: p.SHA256, Version: p.Version,
	})
	return explain(fmt.Sprintf("register %s %s", p.Name, p.Version), err)
}

// mountInput is the mount as it should be: the default listing visibility, and
// no key exempt from the audit log's HMAC.
func mountInput(p *Plan, description string) *api.MountInput {
	return &api.MountInput{
		Type: p.Name, Description: description,
		Config: api.MountConfigInput{PluginVersion: p.Version, AllowedResponseHeaders: allowedHeaders},
	}
}

func (in *Installer) enable(ctx context.Context, p *Plan) error {
	err := in.vault.Sys().MountWithContext(ctx, p.Path, mountInput(p, cmp.Or(p.Description, descriptionText)))
	return explain(fmt.Sprintf("enable %s %s at %s/", p.Name, p.Version, p.Path), err)
}

// tune adds the headers to those that are allowed, and describes the mount as the plan
// says, or where nobody did.
func (in *Installer) tune(ctx context.Context, p *Plan) error {
	mount, err := in.mountAt(ctx, p.Path)
	if err != nil {
		return err
	}
	headers := slices.Concat(mount.Config.AllowedResponseHeaders, missingHeaders(mount.Config.AllowedResponseHeaders))
	config := api.TuneMountConfigInput{AllowedResponseHeaders: &headers}
	if description := p.describe(mount); description != mount.Description {
		config.Description = &description
	}
	return explain("tune "+p.Path+"/", in.vault.Sys().TuneMountAllowNilWithContext(ctx, p.Path, config))
}

// verify compares what runs with what was planned: by Vault's account, and by
// the engine's own.
func (in *Installer) verify(ctx context.Context, p *Plan) error {
	mount, err := in.mountAt(ctx, p.Path)
	if err != nil {
		return err
	}
	if mount.PluginVersion != p.Version || mount.RunningVersion != p.Version || mount.RunningSha256 != p.SHA256 {
		return fmt.Errorf("%s/ is to run %s and runs %s, sha256 %.12s…: %w",
			p.Path, orNone(mount.PluginVersion), orNone(mount.RunningVersion), mount.RunningSha256, ErrNotRunning)
	}
	version, err := in.answers(ctx, p.Path)
	if err != nil {
		return fmt.Errorf("ask the engine at %s/ for its version: %w: %w", p.Path, err, ErrNotRunning)
	}
	if version != p.Version {
		return fmt.Errorf("the engine at %s/ says that it is %s: %w", p.Path, version, ErrVersionMismatch)
	}
	return nil
}

// answers is the version that the engine at a path gives itself.
func (in *Installer) answers(ctx context.Context, path string) (string, error) {
	client, err := in.broker(path)
	if err != nil {
		return "", err
	}
	mount, err := client.ReadMount(ctx)
	if err != nil {
		return "", err
	}
	return mount.Version, nil
}
