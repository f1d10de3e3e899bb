package admission

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrEntityForm means that a text is no Vault entity's id, such as a name: it
// would be admitted and relate the approver to nobody.
var ErrEntityForm = errors.New("entity_form: a Vault entity's id looks like 6fb1a2c4-93d0-4d0e-8c1b-52a7f1d9e033, and a name is none; " +
	"`vault read -field=id identity/entity/name/NAME` prints it, or, for whoever is logged in, `vault read -field=entity_id auth/token/lookup-self`")

// entityForm is how Vault writes the ids of entities.
var entityForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// CheckEntity is [ErrEntityForm] for what cannot be the id of an entity.
func CheckEntity(id string) error {
	if !entityForm.MatchString(id) {
		return ErrEntityForm
	}
	return nil
}

// LookUp asks Vault for entities, and is [broker.ErrNoEntity] where it has one not.
// A token that may not look is not refused: the signer's need not read identities.
// Neither is a miss in a namespace, whose people may be entities of the one above
// it. Both are told to unsure, for a person to compare the id themselves.
func LookUp(ctx context.Context, client *broker.Client, entities []string, unsure func(warning string)) error {
	for _, e := range entities {
		err := client.CheckEntity(ctx, e)
		switch {
		case err == nil:
		case errors.Is(err, broker.ErrNoEntity) && client.Vault().Namespace() == "":
			return err
		default:
			unsure(fmt.Sprintf("entity %s could not be looked up, so compare it yourself with `vault read identity/entity/id/%s`: %s", e, e, err))
		}
	}
	return nil
}
