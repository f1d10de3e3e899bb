package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/stillvault/stillvault/core/roster"
)

// errAdmitted means that somebody was admitted whom the state has as pending.
var errAdmitted = errors.New("admitted_meanwhile: they were pending when this was planned, and are in force by now; plan again, which shows them")

// forget ends what the state has of somebody who is pending. The roster is fetched
// anew: whoever is in force by now would stay so, and be in no state.
func (a *approverResource) forget(ctx context.Context, private privateReader, t thing, diags *diag.Diagnostics) {
	err := a.session.log.Sync(ctx)
	if err == nil {
		_, err = a.session.viewSince(ctx, private, func(r *roster.Roster) error {
			if _, err := r.ApproverNamed(t.name); err == nil {
				return errAdmitted
			}
			return nil
		})
	}
	if err != nil {
		t.fail("forget", fmt.Errorf("approver %q: %w", t.name, err), diags)
		return
	}
	diags.AddWarning(fmt.Sprintf("A ticket of approver %q is not withdrawn", t.name),
		fmt.Sprintf("approver %q was pending and is forgotten here. A ticket that was made for them can be answered until it expires, and what answers it be admitted by `%s`.", t.name, onMount(a.session.broker.Mount(), "stillvault", "approver", "admit", t.name)))
}
