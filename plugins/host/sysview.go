package host

import (
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// vaultLeaseTTL is Vault's default for both the default and the longest lease.
const vaultLeaseTTL = 768 * time.Hour

// systemView answers what the plug-in asks about its surroundings. What a
// development host does not have (wrapping, identity tokens, rotation) the
// embedded view refuses.
type systemView struct {
	logical.StaticSystemView
	tokens *tokens
}

var _ logical.SystemView = (*systemView)(nil)

func newSystemView(tokens *tokens, clusterID string) *systemView {
	return &systemView{
		StaticSystemView: logical.StaticSystemView{
			DefaultLeaseTTLVal: vaultLeaseTTL,
			MaxLeaseTTLVal:     vaultLeaseTTL,
			VersionString:      Version,
			ClusterUUID:        clusterID,
			PluginEnvironment:  &logical.PluginEnvironment{VaultVersion: Version},
		},
		tokens: tokens,
	}
}

// EntityInfo returns the entity with this ID, and nil without an error for one
// that does not exist, as Vault does.
func (v *systemView) EntityInfo(entityID string) (*logical.Entity, error) {
	return v.tokens.entities[entityID], nil
}
