package consumer

import (
	"context"
	"fmt"

	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/plugins/consumer/origin"
)

// Origin says who asks: this host of itself, and Vault of the token's owner.
func Origin(ctx context.Context, client *vault.Client) (approval.Origin, error) {
	from, err := origin.Find()
	if err != nil {
		return from, err
	}
	token, err := client.Auth().Token().LookupSelfWithContext(ctx)
	if err != nil {
		return from, fmt.Errorf("look up who this token is: %w; see `vault token lookup`", err)
	}
	if token != nil {
		from.Entity, _ = token.Data["entity_id"].(string)
		from.Requester, _ = token.Data["display_name"].(string)
	}
	return from, nil
}
