package host

import (
	"net/http"

	"github.com/hashicorp/vault/sdk/logical"
)

// serveEntity shows an entity that some token has, by its id or its name, to who may
// read that path: it is how somebody finds out which person an id is.
func (h *Host) serveEntity(w http.ResponseWriter, r *http.Request) {
	by, which := r.PathValue("by"), r.PathValue("which")
	if by != "id" && by != "name" {
		h.serveAPI(w, r)
		return
	}
	token, _ := h.caller(w, r)
	if token == nil {
		return
	}
	if !token.allows(logical.ReadOperation, "identity/entity/"+by+"/"+which, h.mount.path, false) {
		respondDenied(w)
		return
	}
	for _, e := range h.tokens.entities {
		if by == "id" && e.ID == which || by == "name" && e.Name == which {
			respondData(w, entityInfo(e))
			return
		}
	}
	logical.RespondError(w, http.StatusNotFound, nil)
}

func entityInfo(e *logical.Entity) map[string]any {
	aliases := make([]map[string]any, 0, len(e.Aliases))
	for _, a := range e.Aliases {
		aliases = append(aliases, map[string]any{
			"id": a.ID, "name": a.Name, "canonical_id": e.ID, "mount_type": a.MountType, "mount_accessor": a.MountAccessor,
		})
	}
	return map[string]any{
		"id": e.ID, "name": e.Name, "aliases": aliases, "disabled": false, "namespace_id": e.NamespaceID,
		"policies": nil, "group_ids": nil, "direct_group_ids": nil, "inherited_group_ids": nil, "metadata": nil,
	}
}
