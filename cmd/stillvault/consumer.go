package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func (a *app) consumerCommand() *cobra.Command {
	return group(groupManage, "consumer", "Admit what may receive and write secrets",
		`A consumer is a program with a signing key that the organisation admitted: a host
command or agent, a CI job, Terraform, or the Vault mount itself for 'vault
read' and 'vault write'. It may do what policies name it for.`,
		a.consumerKeygenCommand(), a.consumerAdmitCommand(), a.consumerRenameCommand(), a.consumerRevokeCommand(), a.consumerListCommand())
}

func (a *app) consumerKeygenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen NAME",
		Short: "Make a consumer's signing key on this machine",
		Long: `Make a signing key in a file that only you may read, and print its public half
for 'consumer admit'. A key that is here already is printed again.

The file that it names holds the private half in one line of text. A CI system
keeps that line as a secret, and gives it to the Terraform provider in
STILLVAULT_CONSUMER_KEY; a host gives it the file, in
STILLVAULT_CONSUMER_KEY_FILE.`,
		Example: `  stillvault consumer keygen web-1
  stillvault consumer keygen --home ./ci-key ci`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			key, err := h.Consumer(args[0])
			if isNone(err) {
				key, err = h.CreateConsumer(args[0])
			}
			if err != nil {
				return err
			}
			defer key.Wipe()
			file, err := h.ConsumerPath(args[0])
			if err != nil {
				return err
			}
			a.Say("its private half is in %s", file)
			a.Say("the signer admits it with: stillvault consumer admit %s --key %s", args[0], key.Public())
			view := map[string]string{"name": args[0], "key": key.Public().String(), "file": file}
			return a.Print(view, func(rows *terminal.Rows) { rows.Row(key.Public()) })
		},
	}
}

func (a *app) consumerRevokeCommand() *cobra.Command {
	var compromised bool
	c := &cobra.Command{
		Use:   "revoke NAME",
		Short: "End a consumer",
		Long: `End a consumer. What it wrote stays readable, unless its key is compromised: then
nothing that the key signed is believed any more, whenever it claims to have
signed it, and what it wrote must be written again.`,
		Example: `  stillvault consumer revoke web-1
  stillvault consumer revoke web-1 --compromised`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(consumerNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			// What it would cost is shown, and is no reason to leave a key in force.
			r, err := a.signPreviewed(cmd.Context(), true, func(r *roster.Roster) (*entry, error) {
				c, err := r.ConsumerNamed(args[0])
				if err != nil {
					return nil, err
				}
				return &entry{Kind: roster.KindConsumerRevoke, Body: roster.ConsumerRevoke{ID: c.ID, Compromised: compromised}}, nil
			})
			if err != nil {
				return err
			}
			a.Say("revoked consumer %s at statement %d", args[0], r.Head().Seq)
			if compromised {
				a.Warn("nothing that %s wrote is believed any more: write it again from an allowed author; versions name their author in metadata/", args[0])
			}
			a.warnDeserted(r)
			return nil
		},
	}
	c.Flags().BoolVar(&compromised, "compromised", false, "its key may be known to others")
	return c
}

// warnDeserted names the policies under which nobody can write or receive any
// more, although they name somebody.
func (a *app) warnDeserted(r *roster.Roster) {
	for _, p := range r.Policies() {
		if deserted(r, p.Authors) {
			a.Warn("policy %s: none of its authors is in force, so nothing can be written under it", p.Name)
		}
		if deserted(r, p.Consumers) {
			a.Warn("policy %s: none of its consumers is in force, so nothing can be read under it", p.Name)
		}
	}
}

func deserted(r *roster.Roster, named []envelope.ID) bool {
	return len(named) > 0 && !slices.ContainsFunc(named, func(id envelope.ID) bool {
		_, err := r.Consumer(id)
		return err == nil
	})
}

func (a *app) consumerListCommand() *cobra.Command {
	type view struct {
		Name  string `json:"name"`
		ID    string `json:"id"`
		Kind  string `json:"kind"`
		Key   string `json:"key"`
		Mount string `json:"mount,omitempty"`
	}
	return &cobra.Command{
		Use:     "list",
		Short:   "List the consumers in force",
		Example: "  stillvault consumer list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.roster(cmd.Context())
			if err != nil {
				return err
			}
			views := []view{}
			for _, c := range r.Consumers() {
				v := view{Name: c.Name, ID: c.ID.String(), Kind: string(c.Kind), Key: c.Signing.String()}
				if !c.Mount.IsZero() {
					v.Mount = c.Mount.String()
				}
				views = append(views, v)
			}
			return a.Print(views, func(rows *terminal.Rows) {
				rows.Row("NAME", "KIND", "KEY", "MOUNT")
				for _, v := range views {
					rows.Row(v.Name, v.Kind, v.Key, v.Mount)
				}
			})
		},
	}
}

// ErrConsumerExists means that a name is another consumer's.
var ErrConsumerExists = errors.New("consumer_exists: another consumer, with another key, has this name")

// admitConsumer signs the admission of a consumer. One that is admitted under
// this name with the same key is left as it is.
func (a *app) admitConsumer(ctx context.Context, body roster.ConsumerAdmit) error {
	r, err := a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		if c, err := r.ConsumerNamed(body.Name); err == nil {
			if c.Signing == body.Signing && c.Kind == body.Kind && c.Mount == body.Mount {
				return nil, nil
			}
			return nil, nameTaken(body)
		}
		return []entry{{Kind: roster.KindConsumerAdmit, Body: body}}, nil
	})
	if errors.Is(err, roster.ErrStatement) && body.Kind != roster.ConsumerMount {
		return fmt.Errorf("%w. A key is admitted once, and ends with its consumer: make one under a name that has none yet with `stillvault consumer keygen NAME`", err)
	}
	if err != nil {
		return err
	}
	c, err := r.ConsumerNamed(body.Name)
	if err != nil {
		return err
	}
	a.Say("consumer %s (%s) is admitted as of statement %d", c.Name, c.Kind, r.Head().Seq)
	return nil
}

// nameTaken says what to do where another consumer has the name.
func nameTaken(body roster.ConsumerAdmit) error {
	if body.Kind == roster.ConsumerMount {
		return fmt.Errorf("%q: %w: give it a name of its own: stillvault consumer admit NAME --mount", body.Name, ErrConsumerExists)
	}
	return fmt.Errorf("%q: %w: choose another, or end that one first: stillvault consumer revoke %s", body.Name, ErrConsumerExists, body.Name)
}

// hostKinds are the kinds of consumers that bring a key of their own.
var hostKinds = []roster.ConsumerKind{roster.ConsumerHost, roster.ConsumerCI, roster.ConsumerTerraform}

func hostKind(text string) (roster.ConsumerKind, error) {
	for _, k := range hostKinds {
		if string(k) == text {
			return k, nil
		}
	}
	return "", fmt.Errorf("--kind %q: use one of %v, or --mount for the mount itself", text, hostKinds)
}

func parseVerifyKey(text string) (envelope.VerifyKey, error) {
	var k envelope.VerifyKey
	if err := k.UnmarshalText([]byte(text)); err != nil {
		return k, fmt.Errorf("--key: %w; pass what `stillvault consumer keygen` printed", err)
	}
	return k, nil
}
