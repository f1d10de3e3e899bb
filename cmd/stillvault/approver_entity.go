package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/admission"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrUnrelated means that nobody said which Vault entity an approver is. Who
// asks is known by an entity, who approves by a key, and only the admission says
// that the two are one person.
var ErrUnrelated = errors.New("entity_unsaid: without their Vault entity, nothing would keep them from approving what they ask for themselves; " +
	"pass --entity with what `vault read -field=id identity/entity/name/…` prints, or what `vault read -field=entity_id auth/token/lookup-self` prints for them; " +
	"or --no-entity for a person who cannot log in to this Vault")

// relation is what a command was told about an approver's Vault entities.
type relation struct {
	entities []string
	none     bool // there is no entity, and somebody said so
}

func (re *relation) flags(c *cobra.Command, usage string) {
	c.Flags().StringArrayVar(&re.entities, "entity", nil, usage)
	c.Flags().BoolVar(&re.none, "no-entity", false, "this person cannot log in to this Vault, so has no entity to keep from approving its own requests")
	c.MarkFlagsMutuallyExclusive("entity", "no-entity")
}

// check refuses what leaves open whether an approver has entities. An empty id
// is what a command substitution that failed leaves behind.
func (re relation) check(name string) error {
	switch {
	case slices.Contains(re.entities, ""):
		return fmt.Errorf("%q: --entity is empty: %w", name, ErrUnrelated)
	case len(re.entities) == 0 && !re.none:
		return fmt.Errorf("%q: %w", name, ErrUnrelated)
	}
	return entitiesHaveForm(name, re.entities)
}

// entitiesHaveForm refuses what cannot be the id of an approver's entity.
func entitiesHaveForm(name string, entities []string) error {
	for _, e := range entities {
		if err := admission.CheckEntity(e); err != nil {
			return fmt.Errorf("%q, --entity %q: %w", name, e, err)
		}
	}
	return nil
}

// lookUpEntities refuses entities that Vault does not have, and says which it
// could not look up.
func (a *app) lookUpEntities(ctx context.Context, client *broker.Client, entities []string) error {
	return admission.LookUp(ctx, client, entities, func(warning string) { a.Warn("%s", warning) })
}

// unlikeEntities says which approvers are related to what cannot be an entity.
func unlikeEntities(r *roster.Roster) []string {
	var problems []string
	for _, who := range r.Approvers() {
		for _, e := range who.Entities {
			if admission.CheckEntity(e) != nil {
				problems = append(problems, fmt.Sprintf("approver %s is admitted with %q, which is no Vault entity's id: nothing keeps them from approving what they ask for; "+
					"`stillvault approver set %s --entity ID` says which they are", who.Name, e, who.Name))
			}
		}
	}
	return problems
}
