package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// app is what all commands share: where they speak, and what the global flags
// say. Its methods open the rest when a command needs it.
type app struct {
	*terminal.Terminal

	format  string
	homeDir string
	address string
	linked  bool // address is a link's, and so a stranger's
	mount   string
	key     signerFlags

	started bool // a command's own code began: from then on, no error is about usage
}

// run executes the command line and returns the exit code.
func run(args []string, in io.Reader, out, err io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	a := &app{Terminal: terminal.New(in, out, err)}
	a.Until(ctx.Done())
	root := a.root()
	root.SetArgs(doubleDashes(root, args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	failure := root.ExecuteContext(ctx)
	if failure == nil {
		return exitOK
	}
	a.Fail(failure)
	if !a.started {
		a.Say("see `stillvault help`, or --help behind any command")
		return exitUsage
	}
	return exitCode(failure)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "stillvault",
		Short: "Secrets that no server can open",
		Long: `Stillvault keeps secrets that no server can open: reading one blocks until
the people whom a policy names say yes.

The broker is a Vault mount: VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE and the
VAULT_*CERT* variables say how to reach it, as they do for the vault command.
` + exitCodesHelp,
		Example: `  stillvault org init
  stillvault approver enroll alice --entity 6fb1a2c4-…
  stillvault policy set databases --path 'prod/*' --require "dba=1 of alice,bob"
  stillvault read prod/db`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.SetVersionTemplate("stillvault {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVar(&a.format, "format", string(terminal.Table), "print data as table or json")
	flags.StringVar(&a.homeDir, "home", "", "state directory (default $"+home.Variable+", else stillvault in your configuration directory)")
	flags.StringVar(&a.address, "address", "", "address of Vault (default $VAULT_ADDR)")
	flags.StringVar(&a.mount, "mount", "", "path of the mount (default $"+broker.MountVariable+", else "+broker.DefaultMount+")")
	a.key.add(flags)
	_ = root.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))

	root.AddGroup(
		&cobra.Group{ID: groupUse, Title: "Secrets:"},
		&cobra.Group{ID: groupApprove, Title: "Approving:"},
		&cobra.Group{ID: groupManage, Title: "The organisation:"},
		&cobra.Group{ID: groupRun, Title: "Running it:"},
	)
	for _, c := range a.commands() {
		root.AddCommand(c)
	}
	a.watchStart(root)
	return root
}

// The groups of the help text.
const (
	groupUse     = "use"
	groupApprove = "approve"
	groupManage  = "manage"
	groupRun     = "run"
)

// watchStart notes when a command's own code begins, after flags and arguments
// were found good.
func (a *app) watchStart(c *cobra.Command) {
	if work := c.RunE; work != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			if err := a.checkFormat(); err != nil {
				return err
			}
			a.started = true
			return work(c, args)
		}
	}
	for _, child := range c.Commands() {
		a.watchStart(child)
	}
}

func (a *app) checkFormat() error {
	switch f := terminal.Format(a.format); f {
	case terminal.Table, terminal.JSON:
		a.Format = f
		return nil
	}
	return fmt.Errorf("--format %q: use table or json", a.format)
}

// doubleDashes lets long flags be written with one dash, as Vault's own command
// wants them: -format=json.
func doubleDashes(root *cobra.Command, args []string) []string {
	long := map[string]bool{}
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		note := func(f *pflag.Flag) { long[f.Name] = len(f.Name) > 1 }
		c.PersistentFlags().VisitAll(note)
		c.Flags().VisitAll(note)
		for _, child := range c.Commands() {
			collect(child)
		}
	}
	collect(root)
	changed := make([]string, len(args))
	copy(changed, args)
	for i, arg := range changed {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && long[name] {
			changed[i] = "-" + arg
		}
	}
	return changed
}

// group makes a command that only holds others.
func group(id, use, short, long string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, GroupID: id, Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(children...)
	return c
}
