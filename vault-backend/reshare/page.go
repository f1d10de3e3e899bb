package reshare

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Limits of one page, in bytes as it is encoded and as it is answered: a deal has a
// sealed piece for everybody. A version that is larger by itself still gets through.
const (
	maxPage   = 1 << 20
	maxDealt  = 1 << 20
	dealSize  = 2 << 10
	pieceSize = 2 << 10
)

// found is an item that somebody is wanted for, and where it lies.
type found struct {
	at     Place
	header envelope.Hash
	next   uint32
}

// Page answers a device's signed call with versions that its approver is wanted for,
// by header after the last one shown, without payload and without what is sealed to
// others. It is sealed to the device. [ErrUnknown] where nothing is asked under the
// request any more.
func (o *Office) Page(ctx context.Context, signed envelope.Signed) (envelope.Envelope, error) {
	var call *approval.ReshareCall
	var device *roster.Device
	err := o.cfg.Roster(func(r *roster.Roster) (err error) {
		call, device, err = approval.ReadReshareCall(r, signed, o.cfg.Now())
		return err
	})
	if err != nil {
		return envelope.Envelope{}, err
	}
	if err := o.Settle(ctx); err != nil {
		return envelope.Envelope{}, err
	}
	all, most, err := o.wantedFrom(call.Request, device.Approver, call.After)
	if err != nil {
		return envelope.Envelope{}, err
	}
	page := approval.ResharePage{Items: []approval.ReshareItem{}}
	size := 0
	for _, f := range all {
		if page.More = len(page.Items) == most || size > maxPage; page.More {
			break
		}
		item, err := o.item(ctx, f, device.Approver)
		if err != nil {
			if ctx.Err() != nil {
				return envelope.Envelope{}, ctx.Err()
			}
			// It was destroyed in this moment.
			o.cfg.Logger.Debug("left a version out of a re-share", "error", err)
			continue
		}
		encoded, err := envelope.Encode(item)
		if err != nil {
			return envelope.Envelope{}, err
		}
		size += len(encoded)
		page.Items = append(page.Items, item)
	}
	return approval.SealReshare(device, o.cfg.Mount, signed, page)
}

// wantedFrom returns what somebody is wanted for under a request, by header from the
// one after, and how many of them make a page.
func (o *Office) wantedFrom(request envelope.Hash, approver envelope.ID, after envelope.Hash) ([]found, int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	q := o.asked[request]
	if q == nil || o.jobs[q.Policy] == nil || o.jobs[q.Policy].ask != q {
		return nil, 0, fmt.Errorf("re-share: %w", ErrUnknown)
	}
	j := o.jobs[q.Policy]
	var all []found
	for at, i := range j.items {
		if bytes.Compare(i.header[:], after[:]) <= 0 {
			continue
		}
		if slices.ContainsFunc(i.wanted(o.dealtBy(j, at, i)), func(h Holding) bool { return h.Approver == approver }) {
			all = append(all, found{at, i.header, i.next})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return bytes.Compare(a.header[:], b.header[:]) })
	return all, min(approval.MaxDeals, max(1, maxDealt/(dealSize+pieceSize*len(j.target.seats)))), nil
}

func (o *Office) item(ctx context.Context, f found, approver envelope.ID) (approval.ReshareItem, error) {
	v, err := o.cfg.Secrets.Version(ctx, f.at)
	if err != nil {
		return approval.ReshareItem{}, err
	}
	bare := v.WithoutPayload()
	_, err = bare.DeleteWraps(func(id envelope.ID) bool { return id == approver })
	return approval.ReshareItem{Version: *bare, Epoch: f.next}, err
}
