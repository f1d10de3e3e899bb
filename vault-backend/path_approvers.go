package backend

import (
	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

func (b *broker) pathApprovers() []*framework.Path {
	return b.rosterPaths(rosterView{
		plural: "approvers", singular: "approver",
		about: `
People who may approve, with the public halves of their keys and their devices.
They are admitted and revoked by the organisation's signer, in org/log.`,
		shown: fields{
			"id":         required(framework.TypeString, "The approver's id."),
			"name":       required(framework.TypeString, "The approver's name."),
			"entities":   required(framework.TypeStringSlice, "Vault entity ids that are the same person."),
			"kem":        required(framework.TypeString, "Public key that shares are sealed to."),
			"signing":    required(framework.TypeString, "Public key that decisions are verified with."),
			"generation": required(framework.TypeInt64, "Counts the approver's keyrings, from 1."),
			"factors":    required(framework.TypeStringSlice, "Kinds of factors that open the keyring."),
			"recovery":   required(framework.TypeBool, "Whether a factor survives the loss of every device."),
			"devices":    required(framework.TypeSlice, "Devices in force: id, name, kind, signing, kem."),
			"proposed":   required(framework.TypeStringSlice, "Certificates of further devices that wait for their admission, as the approver's keyring signed them."),
		},
		list: func(r *roster.Roster) ([]string, map[string]any) {
			return listView(r.Approvers(), func(a *roster.Approver) (string, map[string]any) {
				return a.Name, map[string]any{"id": a.ID.String(), "generation": a.Generation, "recovery": a.Recovery, "devices": len(r.Devices(a.ID))}
			})
		},
		read: readApprover, beside: b.addProposals,
	})
}

func readApprover(r *roster.Roster, name string) (map[string]any, error) {
	a, err := r.ApproverNamed(name)
	if err != nil {
		return nil, err
	}
	devices := []any{}
	for _, d := range r.Devices(a.ID) {
		devices = append(devices, map[string]any{
			"id": d.Device.String(), "name": d.Name, "kind": string(d.Kind),
			"signing": d.Signing.String(), "kem": d.KEM.String(),
		})
	}
	return map[string]any{
		"id": a.ID.String(), "name": a.Name, "entities": append([]string{}, a.Entities...),
		"kem": a.KEM.String(), "signing": a.Signing.String(), "generation": a.Generation,
		"factors": factorNames(a.Factors), "recovery": a.Recovery, "devices": devices,
	}, nil
}

func factorNames(kinds []keyring.FactorKind) []string {
	names := []string{}
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return names
}
