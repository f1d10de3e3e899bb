package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// thing is what a resource stands for, as errors call it.
type thing struct{ kind, name string }

// fail says what cannot be done with it, and why.
func (t thing) fail(verb string, err error, diags *diag.Diagnostics) {
	diags.AddError(fmt.Sprintf("Cannot %s %s %q", verb, t.kind, t.name), err.Error())
}

// follow has show take over what the roster says of something, and keep put that
// into the state, with the head of the log that said it. What has ended is forgotten
// there.
func (s *session) follow(ctx context.Context, t thing, req resource.ReadRequest, resp *resource.ReadResponse, show func(*roster.Roster) error, keep func() diag.Diagnostics) {
	head, err := s.viewSince(ctx, req.Private, show)
	switch {
	case errors.Is(err, roster.ErrUnknown), errors.Is(err, roster.ErrRevoked):
		resp.State.RemoveResource(ctx)
	case err != nil:
		t.fail("read", err, &resp.Diagnostics)
	default:
		rememberHead(ctx, resp.Private, head, &resp.Diagnostics)
		resp.Diagnostics.Append(keep()...)
	}
}

// shown finds what the state knows by its id, and shows it.
func shown[T any](id types.String, find func(*roster.Roster, envelope.ID) (T, error), show func(T)) func(*roster.Roster) error {
	return func(r *roster.Roster) error {
		parsed, err := envelope.ParseID(id.ValueString())
		if err != nil {
			return err
		}
		found, err := find(r, parsed)
		if err == nil {
			show(found)
		}
		return err
	}
}

// finish signs the end of something that the state knows by its id.
func finish[T any](ctx context.Context, s *session, t thing, verb string, kind roster.Kind, id types.String, req resource.DeleteRequest, resp *resource.DeleteResponse, find func(*roster.Roster, envelope.ID) (T, error)) {
	head, err := s.end(ctx, req.Private, kind, id.ValueString(), func(r *roster.Roster, id envelope.ID) error {
		_, err := find(r, id)
		return err
	})
	if err != nil {
		t.fail(verb, err, &resp.Diagnostics)
		return
	}
	s.forgets(t, head, &resp.Diagnostics)
}
