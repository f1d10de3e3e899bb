package secret

import (
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
)

// Slim returns what a consumer needs while it waits for releases: without the
// sealed shares, which are the approvers', and, where one person's release brings
// the payload along, without the payload and what shares are held against.
// [Verified.OpenShare] of it fails with [ErrNotHolder], and where the payload is left
// out [Verified.ReadShare] fails with [ErrShare] and [Verified.Combine] with
// [envelope.ErrSuite].
func (v *Verified) Slim() *Verified {
	slim := &Verified{
		Header: v.Header, HeaderHash: v.HeaderHash, Epoch: v.Epoch, WrapSet: v.WrapSet,
		Access: v.Access, Seats: v.Seats, Policy: v.Policy,
	}
	shares := len(alternatives(v.Access)) > 1 || !anyOf(v.Access)
	if shares {
		slim.payload = v.payload
	}
	slim.sharing = v.sharing.slim(shares)
	return slim
}

// slim returns a sharing of which every wrap counts as deleted. Unless shares are to
// be read, no commitment is met by anything either.
func (s *sharing) slim(shares bool) *sharing {
	if s == nil {
		return nil
	}
	slim := *s
	slim.dealings, slim.previous = slices.Clone(s.dealings), s.previous.slim(shares)
	for i := range slim.dealings {
		d := &slim.dealings[i]
		d.wraps = absent(noWraps[:], len(s.seats))
		if !shares {
			d.holders, d.opening = absent(noHolders[:], len(s.seats)), envelope.Envelope{}
		}
	}
	return &slim
}

// noWraps and noHolders are what all slim sharings have instead of their own; nobody
// writes to them. Thousands of reads may wait.
var (
	noWraps   [32]envelope.Envelope
	noHolders [32]Holder
)

// absent returns n zero elements, the shared ones if they suffice.
func absent[T any](shared []T, n int) []T {
	if n <= len(shared) {
		return shared[:n:n]
	}
	return make([]T, n)
}
