package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Limits of one page of an inbox. Its encoding stays near maxPage bytes, since
// devices and Vault both limit what they take at once; a single item that is
// larger still gets through, alone.
const (
	maxItems      = 64
	maxStatements = 64
	maxPage       = 1 << 20
)

// visit is an inbox call that is being answered.
type visit struct {
	call     *approval.InboxCall
	signed   envelope.Signed
	device   *roster.Device
	head     uint64 // sequence number of the log's last statement
	shown    []*request
	recent   []*request // that ended
	ending   uint64     // of the last end there was
	news     bool       // the device was not told of all of them
	loud     uint64     // changes of what every device is told
	alarm    bool       // there was one that the device was not told of, or a re-share
	reshares []approval.ReshareNotice
	noted    envelope.Hash // of reshares
}

// Inbox answers a device's signed call with the statements that it has not seen
// and then with what its approver may answer, after the request that it was shown
// last, sealed to the device, and on the last page with what became of requests
// lately. While there is neither, and nothing ended that the device was not told
// of, it blocks for as long as the call wants, at most [approval.MaxInboxWait].
func (x *Exchange) Inbox(ctx context.Context, signed envelope.Signed) (envelope.Envelope, error) {
	v, err := x.receive(signed)
	if err != nil {
		return envelope.Envelope{}, err
	}
	ended, stop := timeUp(x.cfg.Clock, min(time.Duration(v.call.Wait)*time.Millisecond, approval.MaxInboxWait))
	defer stop()
	if err := x.enterPoll(v); err != nil {
		return envelope.Envelope{}, err
	}
	defer x.leavePoll(v)
	var gathered <-chan struct{}
	for over := v.call.Wait == 0 || x.cfg.Limits().Drain; ; {
		rang, draining := x.survey(v)
		// Only now: a change after this rings.
		if err := x.look(v); err != nil {
			return envelope.Envelope{}, err
		}
		if err := x.lookForReshares(v); err != nil {
			return envelope.Envelope{}, err
		}
		page, err := x.compose(ctx, v)
		if err != nil {
			return envelope.Envelope{}, err
		}
		if over || v.alarm || len(page.Items) > 0 || len(page.Log) > 0 {
			if err := x.tellRest(v, &page); err != nil {
				return envelope.Envelope{}, err
			}
			return approval.SealInbox(v.device, x.cfg.Mount, v.signed, page)
		}
		if v.news && gathered == nil {
			var stop func()
			gathered, stop = timeUp(x.cfg.Clock, gatherEnded)
			defer stop()
		}
		select {
		case <-rang:
		case <-ended:
			over = true
		case <-gathered:
			over = true
		case <-draining:
			over = true
		case <-ctx.Done():
			return envelope.Envelope{}, ctx.Err()
		}
	}
}

// survey finds, of one moment, what waits and what ended lately. It returns what
// is closed at the next change, and by a drain.
func (x *Exchange) survey(v *visit) (rang, draining <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	q := x.queueOf(v.device.Approver)
	v.shown = x.page(v.device.Approver, v.call.After, maxItems+1)
	v.recent, v.ending = slices.Clone(q.recent(x.now())), x.endings
	d := x.calls.of(v.call.Device)
	v.news = len(v.recent) > 0 && v.recent[len(v.recent)-1].ending > d.told
	v.loud, v.alarm = x.loud, x.loud > d.loud
	return q.listen(), x.draining
}

// tellRest adds to the last page what is not asked of anybody: what became of
// requests, re-shares and alarms.
func (x *Exchange) tellRest(v *visit, page *approval.Inbox) error {
	if page.More {
		return nil
	}
	page.Reshares = append(page.Reshares, v.reshares...)
	if err := x.tellAlarms(v, page); err != nil {
		return err
	}
	return x.tellEndings(v, page)
}

// lookForReshares finds what the approver may help to share anew. It is news if the
// device was told something else.
func (x *Exchange) lookForReshares(v *visit) error {
	if x.cfg.Reshares == nil {
		return nil
	}
	v.reshares = x.cfg.Reshares(v.device.Approver)
	encoded, err := envelope.Encode(v.reshares)
	if err != nil {
		return err
	}
	if v.noted = (envelope.Hash{}); len(v.reshares) > 0 {
		v.noted = envelope.SumHash(encoded)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	v.alarm = v.alarm || v.noted != x.calls.of(v.call.Device).noted
	return nil
}

// receive verifies a call, and that it was not made before.
func (x *Exchange) receive(signed envelope.Signed) (*visit, error) {
	v := &visit{signed: signed}
	now := x.cfg.Clock.Now()
	err := x.cfg.Roster(func(known *roster.Roster) (err error) {
		v.call, v.device, err = approval.ReadInboxCall(known, signed, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return v, x.calls.note(signed.Hash(), v.call.Device, envelope.At(now))
}

func (x *Exchange) enterPoll(v *visit) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.calls.poll(v.call.Device); err != nil {
		return err
	}
	x.devices++
	return nil
}

func (x *Exchange) leavePoll(v *visit) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls.unpoll(v.call.Device)
	x.devices--
}

// look finds the head of the log, and whether the device is still in force.
func (x *Exchange) look(v *visit) error {
	return x.cfg.Roster(func(known *roster.Roster) (err error) {
		if v.device, err = known.Device(v.call.Device); err != nil {
			return fmt.Errorf("inbox: %w", err)
		}
		v.head = known.Head().Seq
		return nil
	})
}

// compose fills a page. A device that has not seen the whole log is given that
// first: it could not verify what refers to the rest.
func (x *Exchange) compose(ctx context.Context, v *visit) (approval.Inbox, error) {
	page := approval.Inbox{
		Log: []envelope.Signed{}, Items: []approval.Item{}, Ended: []approval.Ended{},
		Reshares: []approval.ReshareNotice{}, Alarms: []approval.Alarm{},
	}
	size := 0
	if seen := v.call.Roster.Seq; seen < v.head {
		statements, err := x.cfg.Log(ctx, seen+1, maxStatements)
		if err != nil {
			return page, fmt.Errorf("inbox: %w", err)
		}
		for _, s := range statements {
			encoded, err := envelope.Encode(s)
			if err != nil {
				return page, err
			}
			if size += len(encoded); size > maxPage && len(page.Log) > 0 {
				break
			}
			page.Log = append(page.Log, s)
		}
		if page.More = seen+uint64(len(page.Log)) < v.head; page.More {
			return page, nil
		}
	}
	return page, x.fill(ctx, &page, size, v.shown)
}

// fill adds items to a page that has size bytes of something else.
func (x *Exchange) fill(ctx context.Context, page *approval.Inbox, size int, shown []*request) error {
	for _, r := range shown {
		if len(page.Items) == maxItems {
			page.More = true
			return nil
		}
		item, err := x.item(ctx, r)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			// Its version went away in this moment, and the request goes with it.
			x.cfg.Logger.Debug("left a request out of an inbox", "request", r.id.String(), "error", err)
			continue
		}
		encoded, err := envelope.Encode(item)
		if err != nil {
			return err
		}
		if size += len(encoded); size > maxPage && len(page.Items)+len(page.Log) > 0 {
			page.More = true
			return nil
		}
		page.Items = append(page.Items, item)
	}
	return nil
}

// item returns what a device needs to review a request.
func (x *Exchange) item(ctx context.Context, r *request) (approval.Item, error) {
	version, _, err := x.cfg.Version(ctx, r.path, r.version)
	if err == nil {
		version, err = r.asAsked(version)
	}
	if err != nil {
		return approval.Item{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	item := approval.Item{Request: r.signed, Version: *version, Decisions: make([]envelope.Signed, len(r.answers))}
	for i := range r.answers {
		item.Decisions[i] = r.answers[i].receipt
	}
	return item, nil
}
