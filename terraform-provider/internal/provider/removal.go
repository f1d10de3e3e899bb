package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// end signs the end of something that has an id, unless that is so already, which is
// the head of no log, or secrets would be lost by it. find returns [roster.ErrUnknown]
// or [roster.ErrRevoked] where it is no longer in force.
func (s *session) end(ctx context.Context, private privateReader, kind roster.Kind, text string, find func(*roster.Roster, envelope.ID) error) (roster.Head, error) {
	id, err := envelope.ParseID(text)
	if err != nil {
		return roster.Head{}, err
	}
	var ended bool
	head, err := s.signSince(ctx, private, s.guarded(func(r *roster.Roster) ([]orglog.Entry, error) {
		err := find(r, id)
		ended = errors.Is(err, roster.ErrUnknown) || errors.Is(err, roster.ErrRevoked)
		if ended {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []orglog.Entry{{Kind: kind, Body: roster.Removal{ID: id}}}, nil
	}))
	if ended {
		head = roster.Head{}
	}
	return head, err
}

// forgets warns where nothing remembers the end of something: it leaves the state, and
// the head of the log that says so with it.
func (s *session) forgets(t thing, head roster.Head, diags *diag.Diagnostics) {
	if s.home != nil || head == (roster.Head{}) {
		return
	}
	diags.AddWarning("Nothing here remembers what has ended", fmt.Sprintf("The end of %s %q is statement %d of the log, and leaves the state with it. "+
		"A broker that kept the statement to itself would not be noticed: set the provider's minimum_head to %q, or apply with a state directory (home).",
		t.kind, t.name, head.Seq, headText(head)))
}
