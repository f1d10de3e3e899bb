package secret

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// Slim returns what a consumer needs while it waits for releases: without the
// sealed shares, which are the approvers', and, where one person's release brings
// the payload along, without the payload. [Verified.OpenShare] of it fails with
// [ErrNotHolder], and so does [Verified.Combine] with [envelope.ErrOpen] where the
// payload is left out.
func (v *Verified) Slim() *Verified {
	slim := &Verified{
		Header: v.Header, HeaderHash: v.HeaderHash, Epoch: v.Epoch, WrapSet: v.WrapSet,
		Access: v.Access, Seats: v.Seats, Policy: v.Policy, sharing: v.sharing.slim(),
	}
	if len(alternatives(v.Access)) > 1 || !anyOf(v.Access) {
		slim.payload = v.payload
	}
	return slim
}

// slim returns a sharing of which every wrap counts as deleted.
func (s *sharing) slim() *sharing {
	if s == nil {
		return nil
	}
	slim := *s
	slim.dealings, slim.previous = slices.Clone(s.dealings), s.previous.slim()
	for i := range slim.dealings {
		slim.dealings[i].wraps = make([]envelope.Envelope, len(s.seats))
	}
	return &slim
}
