package host

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/logical"
)

// addSystemPaths serves those of Vault's own paths that its command, its
// clients and its users' habits need around a mount.
func (h *Host) addSystemPaths(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/sys/health", h.serveHealth)
	mux.HandleFunc("GET /v1/sys/seal-status", h.serveSealStatus)
	mux.HandleFunc("GET /v1/sys/leader", h.serveLeader)
	mux.HandleFunc("GET /v1/auth/token/lookup-self", h.serveLookupSelf)
	mux.HandleFunc("GET /v1/identity/entity/{by}/{which}", h.serveEntity)
	mux.HandleFunc("GET /v1/sys/mounts", h.serveMounts)
	mux.HandleFunc("GET /v1/sys/internal/ui/mounts", h.serveUIMounts)
	mux.HandleFunc("GET /v1/sys/internal/ui/mounts/{path...}", h.serveUIMount)
}

func (h *Host) serveHealth(w http.ResponseWriter, _ *http.Request) {
	respondJSON(w, http.StatusOK, map[string]any{
		"initialized":                  true,
		"sealed":                       false,
		"standby":                      false,
		"performance_standby":          false,
		"replication_performance_mode": "disabled",
		"replication_dr_mode":          "disabled",
		"server_time_utc":              time.Now().UTC().Unix(),
		"version":                      Version,
		"enterprise":                   false,
		"cluster_name":                 clusterName,
		"cluster_id":                   h.mount.uuid,
	})
}

// clusterName is what `vault status` shows, so that nobody takes the host for a
// Vault.
const clusterName = "development-host"

func (h *Host) serveSealStatus(w http.ResponseWriter, _ *http.Request) {
	respondJSON(w, http.StatusOK, map[string]any{
		"type":          "none",
		"initialized":   true,
		"sealed":        false,
		"t":             0,
		"n":             0,
		"progress":      0,
		"nonce":         "",
		"version":       Version,
		"build_date":    "",
		"migration":     false,
		"cluster_name":  clusterName,
		"cluster_id":    h.mount.uuid,
		"recovery_seal": false,
		"storage_type":  h.storageType(),
	})
}

func (h *Host) storageType() string {
	if h.config.Data == "" {
		return "inmem"
	}
	return "bbolt"
}

func (h *Host) serveLeader(w http.ResponseWriter, _ *http.Request) {
	respondJSON(w, http.StatusOK, map[string]any{
		"ha_enabled":                          false,
		"is_self":                             false,
		"active_time":                         "0001-01-01T00:00:00Z",
		"leader_address":                      "",
		"leader_cluster_address":              "",
		"performance_standby":                 false,
		"performance_standby_last_remote_wal": 0,
	})
}

func (h *Host) serveLookupSelf(w http.ResponseWriter, r *http.Request) {
	token, secret := h.caller(w, r)
	if token == nil {
		return
	}
	respondData(w, map[string]any{
		"id":               secret,
		"accessor":         token.accessor,
		"policies":         token.policies(),
		"path":             "auth/token/create",
		"meta":             nil,
		"display_name":     token.DisplayName,
		"num_uses":         0,
		"orphan":           true,
		"creation_time":    0,
		"creation_ttl":     0,
		"expire_time":      nil,
		"ttl":              0,
		"explicit_max_ttl": 0,
		"entity_id":        token.entityID(),
		"type":             "service",
	})
}

func (h *Host) serveMounts(w http.ResponseWriter, r *http.Request) {
	token, _ := h.caller(w, r)
	if token == nil {
		return
	}
	if !token.allows(logical.ReadOperation, "sys/mounts", h.mount.path, false) {
		respondDenied(w)
		return
	}
	mounts := map[string]any{h.mount.path: h.mountInfo()}
	respondJSON(w, http.StatusOK, logical.HTTPSysInjector{Response: systemResponse(mounts)})
}

// serveUIMounts lists the mounts that the caller can reach; without a token, none.
func (h *Host) serveUIMounts(w http.ResponseWriter, r *http.Request) {
	secrets := map[string]any{}
	if secret, _ := requestToken(r.Header); secret != "" {
		if h.tokens.find(secret) == nil {
			respondDenied(w)
			return
		}
		secrets[h.mount.path] = h.mountInfo()
	}
	respondData(w, map[string]any{"secret": secrets, "auth": map[string]any{}})
}

// serveUIMount is what `vault kv` asks to learn where a mount begins.
func (h *Host) serveUIMount(w http.ResponseWriter, r *http.Request) {
	token, _ := h.caller(w, r)
	if token == nil {
		return
	}
	path := r.PathValue("path")
	if !strings.HasPrefix(strings.TrimSuffix(path, "/")+"/", h.mount.path) {
		logical.RespondError(w, http.StatusForbidden,
			fmt.Errorf("preflight capability check returned 403, please ensure client's policies grant access to path %q", strings.TrimSuffix(path, "/")+"/"))
		return
	}
	info := h.mountInfo()
	info["path"] = h.mount.path
	respondData(w, info)
}

func (h *Host) mountInfo() map[string]any {
	_, _, version := h.mount.special()
	config := map[string]any{
		"default_lease_ttl": int(vaultLeaseTTL.Seconds()),
		"max_lease_ttl":     int(vaultLeaseTTL.Seconds()),
		"force_no_cache":    false,
	}
	if len(h.config.AllowedResponseHeaders) > 0 {
		config["allowed_response_headers"] = h.config.AllowedResponseHeaders
	}
	if len(h.config.PassthroughRequestHeaders) > 0 {
		config["passthrough_request_headers"] = h.config.PassthroughRequestHeaders
	}
	return map[string]any{
		"type":                    h.mount.kind,
		"description":             "served by a development host",
		"accessor":                h.mount.accessor,
		"local":                   false,
		"seal_wrap":               false,
		"external_entropy_access": false,
		"options":                 nil,
		"uuid":                    h.mount.uuid,
		"plugin_version":          version,
		"running_plugin_version":  version,
		"running_sha256":          fmt.Sprintf("%x", h.mount.launcher.sum),
		"config":                  config,
	}
}

// caller returns the request's token and its secret. When there is none or it
// is unknown, it answers 403 and returns nil.
func (h *Host) caller(w http.ResponseWriter, r *http.Request) (*tokenEntry, string) {
	secret, _ := requestToken(r.Header)
	token := h.tokens.find(secret)
	if token == nil {
		respondDenied(w)
	}
	return token, secret
}

func respondDenied(w http.ResponseWriter) {
	logical.RespondError(w, http.StatusForbidden, logical.ErrPermissionDenied)
}

func respondData(w http.ResponseWriter, data map[string]any) {
	respondJSON(w, http.StatusOK, systemResponse(data))
}

// systemResponse is what Vault puts around the data of its system paths.
func systemResponse(data map[string]any) *logical.HTTPResponse {
	// Without randomness there is no id, and nothing here depends on one.
	id, _ := uuid.GenerateUUID()
	return &logical.HTTPResponse{RequestID: id, Data: data, MountType: "system"}
}
