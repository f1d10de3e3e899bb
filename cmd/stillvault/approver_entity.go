package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrUnrelated means that nobody said which Vault entity an approver is. Who
// asks is known by an entity, who approves by a key, and only the admission says
// that the two are one person.
var ErrUnrelated = errors.New("entity_unsaid: without their Vault entity, nothing would keep them from approving what they ask for themselves; " +
	"pass --entity with what `vault read -field=id identity/entity/name/…` prints, or what `vault read -field=entity_id auth/token/lookup-self` prints for them; " +
	"or --no-entity for a person who cannot log in to this Vault")

// ErrEntityForm means that a text is no Vault entity's id, such as a name: it
// would be admitted and relate the approver to nobody.
var ErrEntityForm = errors.New("entity_form: a Vault entity's id looks like 6fb1a2c4-93d0-4d0e-8c1b-52a7f1d9e033, and a name is none; " +
	"`vault read -field=id identity/entity/name/NAME` prints it, or, for whoever is logged in, `vault read -field=entity_id auth/token/lookup-self`")

// entityForm is how Vault writes the ids of entities.
var entityForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

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
		if !entityForm.MatchString(e) {
			return fmt.Errorf("%q, --entity %q: %w", name, e, ErrEntityForm)
		}
	}
	return nil
}

// lookUpEntities refuses entities that Vault does not have. A token that may not
// look is not refused: the signer's need not read identities. Neither is a miss in
// a namespace, whose people may be entities of the one above it.
func (a *app) lookUpEntities(ctx context.Context, client *broker.Client, entities []string) error {
	for _, e := range entities {
		err := client.CheckEntity(ctx, e)
		switch {
		case err == nil:
		case errors.Is(err, broker.ErrNoEntity) && client.Vault().Namespace() == "":
			return err
		default:
			a.Warn("entity %s could not be looked up, so compare it yourself with `vault read identity/entity/id/%s`: %s", e, e, err)
		}
	}
	return nil
}

// unlikeEntities says which approvers are related to what cannot be an entity.
func unlikeEntities(r *roster.Roster) []string {
	var problems []string
	for _, who := range r.Approvers() {
		for _, e := range who.Entities {
			if !entityForm.MatchString(e) {
				problems = append(problems, fmt.Sprintf("approver %s is admitted with %q, which is no Vault entity's id: nothing keeps them from approving what they ask for; "+
					"`stillvault approver set %s --entity ID` says which they are", who.Name, e, who.Name))
			}
		}
	}
	return problems
}
