package host

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestSystemPathsThatClientsAskFor(t *testing.T) {
	h := startHost(t, nil)
	c := client(t, h, aliceToken)
	health, err := c.Sys().Health()
	if err != nil || !health.Initialized || health.Sealed || health.Version != Version {
		t.Errorf("health: %v, %v", health, err)
	}
	seal, err := c.Sys().SealStatus()
	if err != nil || seal.Sealed || seal.ClusterName != "development-host" {
		t.Errorf("seal status: %v, %v", seal, err)
	}
	if leader, err := c.Sys().Leader(); err != nil || leader.HAEnabled {
		t.Errorf("leader: %v, %v", leader, err)
	}
	self := lookupSelf(t, h, aliceToken)
	if self["entity_id"] != "entity-alice" || self["display_name"] != "userpass-alice" || self["id"] != aliceToken {
		t.Errorf("the token's own look-up: %v", self)
	}
	mounts, err := client(t, h, rootToken).Sys().ListMounts()
	if err != nil || mounts["stillvault/"] == nil || mounts["stillvault/"].Type != "echo" || mounts["stillvault/"].RunningVersion != "v0.1.0" {
		t.Errorf("mounts: %v, %v", mounts, err)
	}
	if _, err := c.Sys().ListMounts(); status(t, err) != http.StatusForbidden {
		t.Errorf("a user lists the mounts: %v", err)
	}
	mount, err := c.Logical().Read("sys/internal/ui/mounts/stillvault/secret/prod")
	if err != nil || mount.Data["path"] != "stillvault/" {
		t.Errorf("the mount of a path: %v, %v", mount, err)
	}
	if _, err := c.Logical().Read("sys/internal/ui/mounts/elsewhere/x"); status(t, err) != http.StatusForbidden {
		t.Errorf("the mount of a path elsewhere: %v", err)
	}
}

func TestSystemPathsRefuseUnknownTokens(t *testing.T) {
	h := startHost(t, nil)
	for _, path := range []string{"auth/token/lookup-self", "sys/mounts", "sys/internal/ui/mounts", "sys/internal/ui/mounts/stillvault/x"} {
		if resp := get(t, h.Addr()+"/v1/"+path, "unknown"); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	var answer struct {
		Data struct{ Secret map[string]any }
	}
	resp := get(t, h.Addr()+"/v1/sys/internal/ui/mounts", "")
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || len(answer.Data.Secret) != 0 {
		t.Errorf("without a token the mounts are %v, %v", answer.Data.Secret, err)
	}
}

func TestEntitiesAreShownToWhoMayReadThem(t *testing.T) {
	h := startHost(t, func(c *Config) {
		c.Tokens = append(c.Tokens, Token{ID: "who", Rules: []Rule{{Path: "identity/entity/id/*", Capabilities: []string{"read"}}}})
	})
	who := client(t, h, "who").Logical()
	entity, err := who.Read("identity/entity/id/entity-alice")
	if err != nil || entity == nil || entity.Data["id"] != "entity-alice" || entity.Data["name"] != "alice" {
		t.Errorf("by id: %v, %v", entity, err)
	}
	if nobody, err := who.Read("identity/entity/id/none"); nobody != nil || err != nil {
		t.Errorf("one that is not there: %v, %v", nobody, err)
	}
	if _, err := who.Read("identity/entity/name/alice"); status(t, err) != http.StatusForbidden {
		t.Errorf("by name, without the right: %v", err)
	}
	root := client(t, h, rootToken).Logical()
	if entity, err := root.Read("identity/entity/name/alice"); err != nil || entity == nil || entity.Data["id"] != "entity-alice" {
		t.Errorf("by name: %v, %v", entity, err)
	}
	for _, token := range []string{aliceToken, "unknown"} {
		if _, err := client(t, h, token).Logical().Read("identity/entity/id/entity-alice"); status(t, err) != http.StatusForbidden {
			t.Errorf("%s reads entities: %v", token, err)
		}
	}
}

func TestHelpNamesThePaths(t *testing.T) {
	c := client(t, startHost(t, nil), aliceToken)
	help, err := c.Help("stillvault/kv/a")
	if err != nil || !strings.Contains(help.Help, "A small key-value store.") {
		t.Errorf("help: %v, %v", help, err)
	}
}
