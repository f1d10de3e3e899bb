package secret

import "github.com/stillvault/stillvault/core/envelope"

// Slim returns what a consumer needs while it waits for releases: without the
// sealed shares, which are the approvers', and, where one person's release brings
// the payload along, without the payload. [Verified.OpenShare] of it fails with
// [ErrNotHolder], and so does [Verified.Combine] with [envelope.ErrOpen] where the
// payload is left out.
func (v *Verified) Slim() *Verified {
	slim := &Verified{
		Header: v.Header, HeaderHash: v.HeaderHash, WrapSet: v.WrapSet, Policy: v.Policy,
		wraps: make([]envelope.Envelope, len(v.wraps)), // none is there
	}
	if a := v.WrapSet.Access; len(a) != 1 || a[0].M != 1 {
		slim.payload = v.payload
	}
	return slim
}
