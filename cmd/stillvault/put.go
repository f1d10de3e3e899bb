package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/cmd/stillvault/internal/value"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/home"
)

type putOptions struct {
	consumer string
	cas      int64
}

func (a *app) putCommand() *cobra.Command {
	var o putOptions
	c := &cobra.Command{
		Use:     "put PATH KEY=VALUE…",
		GroupID: groupUse,
		Short:   "Write a secret end to end: sealed here, stored as ciphertext",
		Long: `Seal a secret on this machine to the people whom the policy names, sign it as its
author, and store it. Vault never sees the value; writing needs no approval.

  KEY=VALUE   a string, which other users of this machine may see while it runs
  KEY=@FILE   the text of a file      KEY=-   standard input
  @FILE       a JSON object           -       a JSON object from standard input

KEY=- asks on a terminal, and does not show what is typed. What is piped or read
from a file is kept as it is, with the newline at its end if it has one.

A JSON object is kept byte for byte, with its numbers as they are; any key is
taken, also those that 'vault write' reserves. KEY=\@TEXT is a string that
begins with @.`,
		Example: `  stillvault put prod/db username=app password=-
  stillvault put prod/tls certificate=@cert.pem key=@key.pem
  stillvault put prod/db --cas 3 @db.json
  generate | stillvault put prod/db -`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.put(cmd.Context(), cmd.InOrStdin(), args[0], args[1:], o)
		},
	}
	c.Flags().StringVar(&o.consumer, "consumer", "", "which author to be (default the only consumer in the state directory)")
	a.completeFlag(c, "consumer", (*home.Home).Consumers)
	c.Flags().Int64Var(&o.cas, "cas", -1, "write only if this is the current version, 0 for none")
	return c
}

func (a *app) put(ctx context.Context, in io.Reader, path string, args []string, o putOptions) error {
	source := value.Source{Stdin: in}
	if onTerminal(in) {
		source.Ask = func(key string) ([]byte, error) { return a.Hidden(key + " (not shown):") }
	}
	plaintext, err := source.Read(args)
	if err != nil {
		return err
	}
	defer envelope.Wipe(plaintext)
	h, err := a.host(ctx, o.consumer)
	if err != nil {
		return err
	}
	defer h.Wipe()
	var cas *uint64
	if o.cas >= 0 {
		n := uint64(o.cas)
		cas = &n
	}
	written, err := h.Put(ctx, path, plaintext, cas)
	if err != nil {
		return err
	}
	return a.Print(written, func(rows *terminal.Rows) {
		rows.Row("path", path)
		rows.Row("version", written.Version)
		rows.Row("created_time", written.Created.Format(time.RFC3339))
		rows.Row("secret_id", written.Secret)
		rows.Row("policy", written.Policy)
	})
}
