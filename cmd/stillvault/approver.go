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
		a.approverEnrollCommand(), a.approverJoinCommand(), a.approverAdmitCommand(), a.approverSetCommand(),
		a.approverRekeyCommand(), a.approverRevokeCommand(), a.approverListCommand(), a.approverShowCommand())
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
