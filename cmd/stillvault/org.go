package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
)

func (a *app) orgCommand() *cobra.Command {
	return group(groupManage, "org", "Found and describe the organisation",
		`The organisation is an Ed25519 key that Vault never sees, and a log of what it
signed: who may approve, and what. Its id, the hash of the log's first
statement, is what phones, hosts and mounts hold on to.`,
		a.orgInitCommand(), a.orgKeygenCommand(), a.orgRecoveryKeygenCommand(), a.orgRotateCommand(), a.orgShowCommand(), a.orgPinCommand(), a.orgLogCommand(), a.orgCheckpointCommand())
}

func (a *app) orgShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show the organisation as it is known here",
		Example: `  stillvault org show
  stillvault org show --format json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			return a.showOrg(h)
		},
	}
}

// orgView is how an organisation is printed.
type orgView struct {
	Organisation string `json:"organisation"`
	Words        string `json:"organisation_words"` // as a phone shows it before it joins
	Identity     string `json:"identity,omitempty"`
	HeadSeq      uint64 `json:"head_seq"`
	HeadHash     string `json:"head_hash"`
	Expires      string `json:"expires,omitempty"`
	Approvers    int    `json:"approvers"`
	Groups       int    `json:"groups"`
	Policies     int    `json:"policies"`
	Consumers    int    `json:"consumers"`
	Home         string `json:"home"`
}

func (a *app) showOrg(h *home.Home) error {
	pins, err := h.Pins()
	if err != nil {
		return err
	}
	log, err := local(h)
	if err != nil {
		return err
	}
	v := orgView{Organisation: pins.Organisation.String(), Words: organisationWords(pins.Organisation), HeadSeq: pins.Head.Seq, HeadHash: pins.Head.Hash.String(), Home: h.Dir()}
	if r := log.Roster; r != nil {
		head := r.Head()
		v.Identity, v.HeadSeq, v.HeadHash, v.Expires = r.Identity().String(), head.Seq, head.Hash.String(), moment(r.Expires())
		v.Approvers, v.Groups, v.Policies, v.Consumers = len(r.Approvers()), len(r.Groups()), len(r.Policies()), len(r.Consumers())
	}
	return a.Print(v, func(rows *terminal.Rows) {
		rows.Row("organisation", v.Organisation)
		rows.Row("in words", v.Words)
		rows.Row("identity key", v.Identity)
		rows.Row("log", fmt.Sprintf("statement %d, %s", v.HeadSeq, v.HeadHash))
		if v.Expires != "" {
			rows.Row("checkpoint", "expires "+v.Expires)
		}
		rows.Row("people", fmt.Sprintf("%d approvers, %d groups", v.Approvers, v.Groups))
		rows.Row("rules", fmt.Sprintf("%d policies, %d consumers", v.Policies, v.Consumers))
		rows.Row("kept in", v.Home)
	})
}

// organisationWords spells the beginning of an organisation's id in eight words,
// which a phone shows to whoever opens an invitation, to be compared.
func organisationWords(id envelope.Hash) string {
	return roster.Words(id[:2*roster.FingerprintWords])
}

// moment writes an instant for people, "" for none.
func moment(t envelope.Time) string {
	if t == 0 {
		return ""
	}
	return t.Time().Format(time.RFC3339)
}

func (a *app) orgPinCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pin ID",
		Short: "Tell this machine which organisation it belongs to",
		Long: `Pin the id of the organisation on a machine that is not its signer's. Take the
id from the signer, by a way that Vault has no part in: it is what this machine
will measure everything by. A second, other id is refused.`,
		Example: "  stillvault org pin 3f1c…",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.pinOrganisation(args[0])
		},
	}
}

// pinOrganisation pins the organisation of an id, and says so.
func (a *app) pinOrganisation(text string) error {
	id, err := envelope.ParseHash(text)
	if err != nil {
		return fmt.Errorf("%q is not an organisation id, 64 hexadecimal digits: %w", text, err)
	}
	h, err := a.home()
	if err != nil {
		return err
	}
	if err := h.Pin(id); err != nil {
		return err
	}
	a.Say("pinned organisation %s in %s", id, h.Dir())
	return nil
}

func (a *app) orgCheckpointCommand() *cobra.Command {
	var expires string
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "Sign that the roster is current, until a time",
		Long: `Sign a checkpoint. From the first one on, writes and approvals stop when the
last one has expired: a broker cannot hide newer statements for longer than
that. Sign the next one in time, for example from a scheduled job.`,
		Example: `  stillvault org checkpoint --expires 720h
  stillvault org checkpoint --expires 2030-12-31T00:00:00Z`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			until, err := deadline(expires)
			if err != nil {
				return err
			}
			r, err := a.sign(cmd.Context(), func(*roster.Roster) ([]entry, error) {
				return []entry{{Kind: roster.KindCheckpoint, Body: roster.Checkpoint{Expires: envelope.At(until)}}}, nil
			})
			if err != nil {
				return err
			}
			a.Say("checkpoint at statement %d, expires %s", r.Head().Seq, moment(r.Expires()))
			return nil
		},
	}
	c.Flags().StringVar(&expires, "expires", "", "when it expires: a duration from now, or an RFC 3339 time")
	_ = c.MarkFlagRequired("expires")
	return c
}

// deadline reads a duration from now, or an instant; either lies in the future.
func deadline(text string) (time.Time, error) {
	until, err := time.Parse(time.RFC3339, text)
	if d, e := time.ParseDuration(text); e == nil {
		until, err = time.Now().Add(d), nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a duration, such as 24h, nor a time, such as 2030-12-31T00:00:00Z", text)
	}
	if !until.After(time.Now()) {
		return time.Time{}, fmt.Errorf("%q lies in the past", text)
	}
	return until, nil
}
