package broker

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoEntity means that Vault knows nobody by an entity id.
var ErrNoEntity = errors.New("entity_missing: Vault has no identity entity with this id; `vault read -field=id identity/entity/name/NAME` prints the one of a name, `vault list identity/entity/name` lists the names")

// CheckEntity looks an identity entity up by its id, in the namespace of the
// client. It returns nil where Vault has it and [ErrNoEntity] where it has not.
// Any other error, such as an [*Error] of status 403 for a token that may not
// read identities, leaves open whether it exists.
func (c *Client) CheckEntity(ctx context.Context, id string) error {
	var entity struct {
		ID string `json:"id"`
	}
	path := "identity/entity/id/" + id
	found, err := c.get(ctx, path, nil, &entity)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("read %s: %w", path, ErrNoEntity)
	case entity.ID != id:
		return fmt.Errorf("read %s: the answer is about another entity, %q", path, entity.ID)
	}
	return nil
}
