package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/value"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
)

type readOptions struct {
	field   string
	version uint64
	reason  string
	lease   time.Duration
	glass   bool
}

func (o *readOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.field, "field", "", "print the value of this key alone")
	f.Uint64Var(&o.version, "version", 0, "read this version (default the latest)")
	f.StringVar(&o.reason, "reason", "", "why you need it, shown to the approvers")
	f.BoolVar(&o.glass, "break-glass", false, "ask those whom the policy names for an emergency, instead of the others: every approver is told, and the secret has to be rotated; needs --reason")
	f.DurationVar(&o.lease, "lease", 0, "how long you need it, at most what the policy allows (default the policy's)")
}

func (a *app) readCommand() *cobra.Command {
	var o readOptions
	c := &cobra.Command{
		Use:     "read PATH",
		GroupID: groupUse,
		Short:   "Read a secret as `vault read` does, and wait until people approve",
		Long: `Have the Vault mount ask for a secret, and print it when its people said yes. It
waits until the request's deadline: where 'vault read' gives up after 50 seconds
and has to be run again, this goes on, and nobody is prompted twice.

The plaintext passes through Vault, as with 'vault read'. 'stillvault get' reads
end to end, with a key of this machine's own.`,
		Example: `  stillvault read prod/db
  stillvault read -field=password -reason="incident 7" prod/db
  stillvault read -format=json prod/db
  stillvault read --break-glass -reason="incident 7, nobody of sre answers" prod/db`,
		Args: o.args,
		RunE: func(cmd *cobra.Command, args []string) error { return a.read(cmd.Context(), args[0], o) },
	}
	o.flags(c)
	return c
}

// ErrReason means that approvers would be shown something else than was meant.
var ErrReason = fmt.Errorf("reason_invalid: a reason is shown to approvers as it is, so it has at most %d bytes on one line, without control characters or marks that change how text is shown; give another with --reason", approval.MaxReason)

// args takes one path, and refuses a reason that no request may have before
// anything is asked of anybody.
func (o *readOptions) args(c *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(c, args); err != nil {
		return err
	}
	if len(o.reason) > approval.MaxReason || !approval.Printable(o.reason) {
		return ErrReason
	}
	if o.glass && strings.TrimSpace(o.reason) == "" {
		return ErrGlassReason
	}
	return nil
}

// ErrGlassReason means that somebody would break the glass without saying why.
var ErrGlassReason = errors.New("reason_missing: breaking the glass needs --reason, which every approver is shown")

// warnGlass says what breaking the glass sets off.
func (a *app) warnGlass(path string) {
	a.Warn("BREAKING THE GLASS for %s: every approver is told now, with your name and reason; it is shown until somebody acknowledges it, and the secret is to be rotated afterwards", terminal.Visible(path))
}

// glance is how long the first call waits: after it, the request is known and
// can be told about.
const glance = time.Second

func (a *app) read(ctx context.Context, path string, o readOptions) error {
	client, err := a.broker()
	if err != nil {
		return err
	}
	options := broker.ReadOptions{Version: o.version, Reason: o.reason, Lease: o.lease, Wait: glance, BreakGlass: o.glass}
	if o.glass {
		a.warnGlass(path)
	}
	answer, err := client.ReadSecret(ctx, path, options)
	if broker.Waiting(err) {
		view := a.waitForKnown(ctx, client, path, err)
		answer, err = client.AwaitSecret(ctx, path, options, view.progress)
		view.end()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ErrInterrupted
	case err != nil:
		return err
	}
	defer envelope.Wipe(answer.JSON)
	return a.printSecret(value.Printed{JSON: answer.JSON, RequestID: answer.Call, Lease: answer.Lease}, o.field)
}

func (a *app) printSecret(p value.Printed, field string) error {
	return value.Print(a.Out(), p, value.Style{Format: string(a.Format), Field: field, Terminal: a.OutIsTerminal()})
}
