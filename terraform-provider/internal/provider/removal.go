package provider

import (
	"context"
	"errors"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// end signs the end of something that has an id, unless that is so already or
// secrets would be lost by it. find returns [roster.ErrUnknown] or
// [roster.ErrRevoked] where it is no longer in force.
func (s *session) end(ctx context.Context, private privateReader, kind roster.Kind, text string, find func(*roster.Roster, envelope.ID) error) error {
	id, err := envelope.ParseID(text)
	if err != nil {
		return err
	}
	_, err = s.signSince(ctx, private, s.guarded(func(r *roster.Roster) ([]orglog.Entry, error) {
		err := find(r, id)
		if errors.Is(err, roster.ErrUnknown) || errors.Is(err, roster.ErrRevoked) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []orglog.Entry{{Kind: kind, Body: roster.Removal{ID: id}}}, nil
	}))
	return err
}
