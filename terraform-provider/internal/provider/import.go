package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// errExists means that something of the name a resource wants is there already.
var errExists = errors.New("exists: there is one of this name already, which this configuration does not manage; import it, or choose another name")

// importByName imports what has a name by that name, or by its id.
func importByName[T any](ctx context.Context, s *session, req resource.ImportStateRequest, resp *resource.ImportStateResponse, kind string, find func(*roster.Roster, string) (T, error), idOf func(T) envelope.ID) {
	id, err := envelope.ParseID(req.ID)
	if err != nil {
		err = s.view(ctx, func(r *roster.Roster) error {
			found, err := find(r, req.ID)
			if err == nil {
				id = idOf(found)
			}
			return err
		})
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot import %s %q", kind, req.ID), err.Error()+"; give a name or an id that `data.stillvault_roster` lists")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
}
