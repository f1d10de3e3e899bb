package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func (a *app) approverCommand() *cobra.Command {
	return group(groupManage, "approver", "Enrol, admit and revoke those who approve",
		`An approver is a person with a keyring that only their own factors open. The
signer's machine makes a ticket ('enroll'), the person's device answers it
('join', or a phone), and the signer admits what the device made ('admit').`,
		a.approverEnrollCommand(), a.approverJoinCommand(), a.approverAdmitCommand(),
		a.approverRevokeCommand(), a.approverListCommand(), a.approverShowCommand())
}

func (a *app) approverRevokeCommand() *cobra.Command {
	var device string
	c := &cobra.Command{
		Use:   "revoke NAME",
		Short: "End an approver and all their devices, or one device",
		Long: `Revoke an approver. They keep the shares of what was sealed to them before: such
versions stop being released through them, and 'status' lists what should be
written again. A later admission under the same name is another person.

With --device, only that device is revoked. Whoever has it and its factor may
have the keyring, too: revoke the approver where that is to be feared.`,
		Example: `  stillvault approver revoke bob
  stillvault approver revoke alice --device laptop`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNames(approverNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.sign(cmd.Context(), func(r *roster.Roster) ([]entry, error) {
				who, err := r.ApproverNamed(args[0])
				if err != nil {
					return nil, err
				}
				if device == "" {
					return []entry{{roster.KindApproverRevoke, roster.Removal{ID: who.ID}}}, nil
				}
				d, err := deviceNamed(r, who, device)
				if err != nil {
					return nil, err
				}
				return []entry{{roster.KindDeviceRevoke, roster.Removal{ID: d.Device}}}, nil
			})
			if err != nil {
				return err
			}
			what := "approver " + args[0]
			if device != "" {
				what = "device " + device + " of " + args[0]
			}
			a.Say("revoked %s at statement %d", what, r.Head().Seq)
			a.warnUnmeetable(r)
			return nil
		},
	}
	c.Flags().StringVar(&device, "device", "", "revoke only the device of this name or id")
	return c
}

// deviceNamed finds an approver's device by its id or its name, which several
// may have.
func deviceNamed(r *roster.Roster, who *roster.Approver, name string) (*roster.Device, error) {
	var found []*roster.Device
	for _, d := range r.Devices(who.ID) {
		if d.Device.String() == name {
			return d, nil
		}
		if d.Name == name {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("device %q of %s: %w", name, who.Name, roster.ErrUnknown)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s has %d devices named %q; pass the id that `stillvault approver list --format json` shows", who.Name, len(found), name)
}

// warnUnmeetable names the policies that a change left without enough people.
func (a *app) warnUnmeetable(r *roster.Roster) {
	for _, p := range r.Policies() {
		assigned, err := r.Assign(p)
		if err == nil {
			err = p.Covers(assigned)
		}
		if err != nil {
			a.Warn("policy %s: %s", p.Name, err)
		}
	}
}

// approverView is how an approver is printed.
type approverView struct {
	Name       string       `json:"name"`
	ID         string       `json:"id"`
	Entities   []string     `json:"entities"`
	Factors    []string     `json:"factors"`
	Recovery   bool         `json:"recovery"`
	Generation uint32       `json:"generation"`
	Devices    []deviceView `json:"devices"`
}

type deviceView struct {
	Name string `json:"name"`
	ID   string `json:"id"`
	Kind string `json:"kind"`
}

func viewApprover(r *roster.Roster, who *roster.Approver) approverView {
	v := approverView{
		Name: who.Name, ID: who.ID.String(), Entities: who.Entities, Factors: factorTexts(who.Factors),
		Recovery: who.Recovery, Generation: who.Generation, Devices: []deviceView{},
	}
	for _, d := range r.Devices(who.ID) {
		v.Devices = append(v.Devices, deviceView{d.Name, d.Device.String(), string(d.Kind)})
	}
	return v
}

func (v approverView) deviceTexts() string {
	var all []string
	for _, d := range v.Devices {
		all = append(all, fmt.Sprintf("%s (%s)", d.Name, d.Kind))
	}
	return strings.Join(all, ", ")
}

func (a *app) approverListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the approvers in force",
		Example: `  stillvault approver list
  stillvault approver list --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.roster(cmd.Context())
			if err != nil {
				return err
			}
			views := []approverView{}
			for _, who := range r.Approvers() {
				views = append(views, viewApprover(r, who))
			}
			return a.Print(views, func(rows *terminal.Rows) {
				rows.Row("NAME", "FACTORS", "RECOVERY", "DEVICES", "ENTITIES")
				for _, v := range views {
					rows.Row(v.Name, strings.Join(v.Factors, ", "), yesNo(v.Recovery), v.deviceTexts(), strings.Join(v.Entities, ", "))
				}
			})
		},
	}
}

func factorTexts(all []keyring.FactorKind) []string {
	texts := []string{}
	for _, f := range all {
		texts = append(texts, string(f))
	}
	return texts
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
