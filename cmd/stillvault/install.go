package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/install"
)

// installFlags are what the install command was told.
type installFlags struct {
	binary    string
	pluginDir string
	rollback  bool
	to        string
	dryRun    bool
	yes       bool
}

func (a *app) installCommand() *cobra.Command {
	var f installFlags
	c := &cobra.Command{
		Use:     "install",
		GroupID: groupRun,
		Short:   "Install, upgrade or roll back the plug-in in a running Vault",
		Long: `Register the plug-in in the Vault that VAULT_ADDR names, enable it, and check
that it runs. Where it is mounted already, the new version is tried beside it
first; then the mount is drained, so that reads that wait end with "run the same
command again", switched and reloaded. If that fails, the version before is put
back. Running it again does what is left to do.

The program must lie in Vault's plugin_directory on every node. It is copied
there if the directory is on this host; otherwise this tells what to copy where.
Nothing is ever written over a program that a mount runs: its file carries its
version.

The version that ran before stays registered, and --rollback puts it back.`,
		Example: `  stillvault install --dry-run
  stillvault install --binary bin/vault-plugin-secrets-stillvault --yes
  stillvault install --rollback`,
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.install(cmd.Context(), f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.binary, "binary", "", "path of the plug-in (default "+install.PluginName+" beside this program)")
	flags.StringVar(&f.pluginDir, "plugin-dir", "", "Vault's plugin_directory on this host (default: what Vault says, if it runs here)")
	flags.BoolVar(&f.rollback, "rollback", false, "put the version back that ran before")
	flags.StringVar(&f.to, "to", "", "with --rollback: this registered version, such as v0.1.0")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and with which rights, and change nothing")
	flags.BoolVar(&f.yes, "yes", false, "do not ask before changing Vault")
	_ = c.MarkFlagFilename("binary")
	_ = c.MarkFlagDirname("plugin-dir")
	return c
}

// check refuses flags that contradict each other.
func (f installFlags) check() error {
	switch {
	case f.to != "" && !f.rollback:
		return errors.New("--to names the version of a rollback: pass --rollback as well")
	case f.rollback && (f.binary != "" || f.pluginDir != ""):
		return errors.New("--rollback runs a program that Vault has already: leave --binary and --plugin-dir out, or --rollback")
	}
	return nil
}

func (a *app) install(ctx context.Context, f installFlags) error {
	in, err := a.installer(f)
	if err != nil {
		return err
	}
	plan, err := a.planInstall(ctx, in, f)
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.printPlan(plan)
	}
	if !plan.Done() {
		a.sayPlan(plan)
		if !f.yes {
			if err := a.Confirm("Do this now?", "--yes"); err != nil {
				return err
			}
		}
	}
	result, err := in.Apply(ctx, plan)
	if err != nil {
		return err
	}
	if err := a.printInstalled(result); err != nil {
		return err
	}
	if plan.Enable {
		a.Say("next: `stillvault org init`, then `stillvault org log push`")
	}
	return nil
}

// installer makes the installer that the flags and the environment describe.
func (a *app) installer(f installFlags) (*install.Installer, error) {
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	if f.binary == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the plug-in beside this program: %w; name it with --binary", err)
		}
		f.binary = filepath.Join(filepath.Dir(self), install.PluginName)
	}
	return install.New(client.Vault(), install.Options{
		Binary: f.binary, PluginDir: f.pluginDir, Path: client.Mount(),
		Say: func(line string) { a.Say("%s", terminal.Visible(line)) },
	})
}

// planInstall makes the plan. Where the token may too little, it shows the
// policy that would do.
func (a *app) planInstall(ctx context.Context, in *install.Installer, f installFlags) (plan *install.Plan, err error) {
	if f.rollback {
		plan, err = in.PlanRollback(ctx, f.to)
	} else {
		plan, err = in.Plan(ctx)
	}
	var lacks *install.PermissionError
	if errors.As(err, &lacks) {
		a.Say("a policy that grants what the token lacks:")
		for _, line := range lacks.Policy() {
			a.Say("    %s", line)
		}
	}
	return plan, err
}

func (a *app) sayPlan(plan *install.Plan) {
	for _, before := range plan.Before {
		a.Warn("%s", before)
	}
	for _, note := range plan.Notes {
		a.Say("note: %s", note)
	}
	a.Say("%s", a.Bold("In the Vault at "+terminal.Visible(plan.Vault)+", this will:"))
	for _, step := range plan.Steps() {
		a.Say("  - %s", step)
	}
}

// planView is how a plan is printed.
type planView struct {
	Vault   string   `json:"vault"`
	Path    string   `json:"path"`
	Version string   `json:"version"`
	SHA256  string   `json:"sha256"`
	Command string   `json:"command"`
	From    string   `json:"from,omitempty"`
	Done    bool     `json:"done"`
	Steps   []string `json:"steps"`
	Before  []string `json:"before,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	Rights  []string `json:"rights"` // an ACL policy's lines
}

func (a *app) printPlan(plan *install.Plan) error {
	v := planView{
		Vault: plan.Vault, Path: plan.Path, Version: plan.Version, SHA256: plan.SHA256, Command: plan.Command, From: plan.From,
		Done: plan.Done(), Steps: plan.Steps(), Before: plan.Before, Notes: plan.Notes, Rights: plan.Rights,
	}
	return a.Print(v, func(rows *terminal.Rows) {
		for _, before := range v.Before {
			rows.Row("first", before)
		}
		for i, step := range v.Steps {
			rows.Row(i+1, step)
		}
		for _, note := range v.Notes {
			rows.Row("note", note)
		}
		for _, right := range v.Rights {
			rows.Row("right", right)
		}
	})
}

func (a *app) printInstalled(result *install.Result) error {
	return a.Print(result, func(rows *terminal.Rows) {
		rows.Row("mount", result.Path+"/")
		rows.Row("version", result.Version)
		rows.Row("sha256", result.SHA256)
		rows.Row("file", result.Command)
		if result.Previous != "" {
			rows.Row("before", result.Previous+", which --rollback runs")
		}
	})
}
