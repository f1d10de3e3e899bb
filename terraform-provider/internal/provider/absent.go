package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
)

// errNoID means that what was to be signed names somebody who has no id.
var errNoID = errors.New("not_admitted_yet: an id in it is null, as an approver's is before they are admitted")

// absent says whether one of the ids is null. A plan of that goes on, because a destroy
// begins with one; signing refuses it.
func absent(ids types.Set) bool {
	return slices.ContainsFunc(ids.Elements(), attr.Value.IsNull)
}

// foreseeAbsent warns of an id that is null.
func foreseeAbsent(at path.Path, ids types.Set, diags *diag.Diagnostics) {
	if absent(ids) {
		diags.AddAttributeWarning(at, "Somebody is not admitted yet",
			"An id in it is null, as an approver's is before they are admitted. Applying refuses it: have them join, set their fingerprint, and apply again.")
	}
}

// errAbsent refuses an id that is null, and names who was invited.
func (s *session) errAbsent(ctx context.Context) error {
	err := errNoID
	_ = s.view(ctx, func(r *roster.Roster) error {
		err = fmt.Errorf("%w%s", errNoID, s.waiting(ctx, r))
		return nil
	})
	return err
}
