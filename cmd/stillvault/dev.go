package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/dev"
)

type devOptions struct {
	dev.Options
	demo    bool
	bare    bool
	verbose bool
}

func (a *app) devCommand() *cobra.Command {
	var o devOptions
	c := &cobra.Command{
		Use:     "dev",
		GroupID: groupRun,
		Short:   "Run a server to try Stillvault on, or show it at work",
		Long: `Run a server for development with an organisation in it: approvers alice and bob,
policies for prod/ and team/, and tokens to read and write with. It prints what
to paste into other terminals, and runs until Ctrl-C.

The server speaks Vault's API on this machine alone, without a Vault. With
--vault, it is a real Vault: VAULT_BIN, tools/bin/vault, or the one on PATH. All
of it is gone when it stops, unless --data or --home says where to keep it.

With --bare, it has no organisation: an administrator's token and an Org Identity
key that founded nothing yet, for Terraform, or for you, to begin with.

With --demo, it shows the main job and ends: a secret is stored, a read waits,
an approver says yes, the read prints the secret. On a terminal, the approver is
you.

NOT FOR PRODUCTION: the keys of everybody lie in one directory, and tokens are
printed.`,
		Example: `  stillvault dev
  stillvault dev --demo
  stillvault dev --vault
  stillvault dev --bare
  stillvault dev --data dev.db`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.dev(cmd.Context(), cmd.InOrStdin(), o) },
	}
	f := c.Flags()
	f.BoolVar(&o.demo, "demo", false, "show the main job, then end")
	f.BoolVar(&o.bare, "bare", false, "found no organisation: Terraform or somebody will")
	f.BoolVar(&o.Vault, "vault", false, "run a real Vault")
	f.StringVar(&o.Plugin, "plugin", "", "path of the plug-in (default beside this program)")
	f.StringVar(&o.Data, "data", "", "keep the storage in this file, and the state beside it")
	f.StringVar(&o.Listen, "listen", "", "loopback address to listen on (default 127.0.0.1:8200; with --demo, a free port)")
	f.BoolVar(&o.verbose, "verbose", false, "show the server's log")
	c.MarkFlagsMutuallyExclusive("data", "vault")
	c.MarkFlagsMutuallyExclusive("bare", "demo")
	_ = c.MarkFlagFilename("plugin")
	_ = c.MarkFlagFilename("data")
	return c
}

var errDemoStopped = errors.New("the demonstration was stopped before its end")

// devListen is where Vault's own development server listens, so that most
// people have nothing to set.
const devListen = "127.0.0.1:8200"

func (a *app) dev(ctx context.Context, in io.Reader, o devOptions) (err error) {
	if o.Listen == "" && !o.demo {
		o.Listen = devListen
	}
	o.Home, o.Logger = a.homeDir, a.devLogger(o.verbose)
	if !o.demo {
		a.Say("starting …")
	}
	server, err := dev.Start(ctx, o.Options)
	if err != nil {
		return fmt.Errorf("start the development server: %w", err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if o.bare {
		return a.devBare(ctx, server)
	}
	if _, err := server.Found(ctx); err != nil {
		return err
	}
	if o.demo {
		err := dev.Demo(ctx, server, dev.Stage{
			In: in, Out: a.Out(), Person: a.Interactive() && a.OutIsTerminal(), Colour: a.OutIsTerminal() && colourful(),
		})
		if ctx.Err() != nil {
			a.Say("")
			return errDemoStopped // whatever it was in the middle of
		}
		return err
	}
	a.explainDev(server)
	a.untilStopped(ctx)
	return nil
}

func (a *app) untilStopped(ctx context.Context) {
	<-ctx.Done()
	a.Say("\nstopped")
}

// colourful says whether the person lets commands colour what they print.
func colourful() bool {
	_, plain := os.LookupEnv("NO_COLOR")
	return !plain && os.Getenv("TERM") != "dumb"
}

func (a *app) devLogger(verbose bool) hclog.Logger {
	if !verbose {
		return hclog.NewNullLogger()
	}
	return hclog.New(&hclog.LoggerOptions{Name: "dev", Level: hclog.Debug, Output: a.Err()})
}

// explainDev prints what to do with a server that runs.
func (a *app) explainDev(s *dev.Server) {
	p := func(format string, args ...any) { fmt.Fprintf(a.Out(), format+"\n", args...) }
	a.introduceDev(s)
	p("  approvers  alice, bob: one of them approves what is read below prod/ and team/")
	p("  state      %s%s", s.Home, map[bool]string{false: ", gone when this stops"}[s.Kept])
	p("")
	a.explainPath()
	p("%s", a.Bold("Write a secret, as the author:"))
	a.exports(s.Variables("author"))
	p("  vault write stillvault/secret/prod/db username=app password=example")
	p("")
	p("%s", a.Bold("Read it in a second terminal, as carol; it waits:"))
	a.exports(s.Variables("carol"))
	p("  %s", dev.ReadLine)
	p("")
	p("%s", a.Bold("Approve it in a third, as alice:"))
	a.exports(s.Variables("alice"))
	p("  stillvault approve --approver alice")
	p("")
	p("%s", a.Bold("Administer it, as admin:"))
	a.exports(s.Variables("admin"))
	p("")
	if url := s.AppURL(); url != "" {
		p("%s", a.Bold("Approve with a passkey in a browser on this machine; as admin, for dave:"))
		p("  stillvault approver enroll dave --no-entity   # then open the link that it prints")
		p("  stillvault approver admit dave")
		p("  stillvault group set dba alice bob dave       # for what is written from then on")
		p("")
	}
	p("Where the vault command is missing, `stillvault read prod/db` does what `vault read` does.")
	p("Another token, nobody's: %s has no identity, so its reads are refused.", s.People["nobody"].Token)
	p("")
	p("Ctrl-C stops it.")
}

// offPath is the folder of this program where a shell would not find it by its
// name, "" where it would.
func offPath() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	mine, err := os.Stat(self)
	if err != nil {
		return ""
	}
	if found, err := exec.LookPath("stillvault"); err == nil {
		if other, err := os.Stat(found); err == nil && os.SameFile(mine, other) {
			return ""
		}
	}
	return filepath.Dir(self)
}

func (a *app) exports(variables []string) {
	fmt.Fprintf(a.Out(), "  export %s\n", strings.Join(variables, " \\\n         "))
}
