package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
)

// ErrUnchanged means that a command was told nothing to change.
var ErrUnchanged = errors.New("nothing_to_set: pass --name for another name, --entity for the Vault entities that this person is, or --no-entity")

type approverSetOptions struct {
	name    string
	related relation
	entity  bool // their entities were said, or that there are none
}

func (o *approverSetOptions) check(c *cobra.Command, name string) error {
	o.entity = c.Flags().Changed("entity") || o.related.none
	switch {
	case o.entity:
		return o.related.check(name)
	case o.name == "":
		return fmt.Errorf("%q: %w", name, ErrUnchanged)
	}
	return nil
}

func (a *app) approverSetCommand() *cobra.Command {
	var o approverSetOptions
	c := &cobra.Command{
		Use:   "set NAME [--name NEW] [--entity ID… | --no-entity]",
		Short: "Rename an approver, or say which Vault entities they are",
		Long: `Replace what an approver is called, or all the Vault entities that are the same
person. What is not given stays. It is the same approver: their keyring, devices,
groups, policies and what is sealed to them stay as they are.

Who may not approve what they asked for is judged by these entities from now on,
also for requests that wait already. A terminal keeps its files under the name with
which it joined.`,
		Example: `  stillvault approver set alice --name alicia
  stillvault approver set bob --entity 6fb1a2c4-93d0-4d0e-8c1b-52a7f1d9e033`,
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(c, args); err != nil {
				return err
			}
			return o.check(c, args[0])
		},
		ValidArgsFunction: a.completeNames(approverNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.setApprover(cmd.Context(), args[0], o)
		},
	}
	c.Flags().StringVar(&o.name, "name", "", "what they are called from now on")
	o.related.flags(c, "Vault entity id that is the same person; may be repeated, and replaces those from before")
	return c
}

func (a *app) setApprover(ctx context.Context, name string, o approverSetOptions) error {
	if len(o.related.entities) > 0 {
		client, err := a.broker()
		if err != nil {
			return err
		}
		if err := a.lookUpEntities(ctx, client, o.related.entities); err != nil {
			return err
		}
	}
	set, changed := roster.ApproverSet{}, false
	r, err := a.sign(ctx, func(r *roster.Roster) ([]entry, error) {
		who, err := r.ApproverNamed(name)
		if err != nil {
			return nil, err
		}
		set = roster.ApproverSet{ID: who.ID, Name: who.Name, Entities: who.Entities}
		if o.name != "" {
			set.Name = o.name
		}
		if o.entity {
			set.Entities = distinct(o.related.entities)
		}
		if changed = set.Name != who.Name || !slices.Equal(set.Entities, who.Entities); !changed {
			return nil, nil
		}
		return []entry{{Kind: roster.KindApproverSet, Body: set}}, nil
	})
	if err != nil {
		return err
	}
	if !changed {
		a.Say("approver %s is so already", name)
		return nil
	}
	a.Say("set approver %s at statement %d", set.Name, r.Head().Seq)
	if len(set.Entities) == 0 {
		a.warnUnrelated(set.Name)
	}
	return nil
}

// warnUnrelated says what nothing keeps an approver without entities from.
func (a *app) warnUnrelated(name string) {
	a.Warn("no Vault entity is related to %s: should they ever log in to this Vault, nothing would keep them from approving what they ask for; then relate them: stillvault approver set %s --entity ID", name, name)
}
