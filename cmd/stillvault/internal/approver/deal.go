package approver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrFormerKeyring means that a share is sealed to a keyring that this terminal does
// not have any more.
var ErrFormerKeyring = errors.New("former_keyring_missing: this terminal does not keep the keyring that the share is sealed to; deal it where it is kept, or have the others re-share")

// ErrLeftOut means that some of what was to be dealt was not.
var ErrLeftOut = errors.New("reshare_left_out: some versions could not be dealt, for the reasons named; run it again when those are gone")

// Progress is told how many versions were dealt, of how many.
type Progress func(done, total uint32)

// Deal deals everything of a re-share that waits for the approver and was looked at;
// more than that is [ErrNotShown]. The keyring is opened once, for all of it. What was dealt before an error stays dealt: the same
// call goes on from there.
func (s *Session) Deal(ctx context.Context, r Resharing, progress Progress) error {
	if err := s.sendUndealt(ctx); err != nil {
		return err
	}
	keyrings, err := s.unlockAll(func(prompt string) ([]byte, error) { return s.askIdle(ctx, prompt, true) })
	if err != nil {
		return err
	}
	defer wipeAll(keyrings)
	d := &dealing{Session: s, c: r.Case, look: r.look, keyrings: keyrings, progress: progress, done: r.Done, total: r.Total}
	if err := s.eachPage(ctx, r, func(items []approval.ReshareItem) error { return d.deal(ctx, items) }); err != nil {
		return err
	}
	if d.left > 0 {
		return fmt.Errorf("%d of %d: %w", d.left, d.total, ErrLeftOut)
	}
	return nil
}

// dealing is a re-share under way.
type dealing struct {
	*Session
	c           *approval.ReshareCase
	look        *look
	keyrings    []*keyring.Keyring
	progress    Progress
	done, total uint32
	left        int // versions that could not be dealt
}

// resharePage fetches versions to be dealt.
func (s *Session) resharePage(ctx context.Context, c *approval.ReshareCase, after envelope.Hash) (*approval.ResharePage, error) {
	signer := s.Device.Keys.Signer()
	defer signer.Wipe()
	call, err := approval.CallReshare(s.Device.Roster, s.Device.Keys.ID(), signer, c.Hash, after, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	sealed, err := s.Broker.FetchReshare(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("ask what is to be re-shared: %w", err)
	}
	return approval.OpenReshare(s.Device.Roster, s.Device.Keys, s.Device.Mount, call, sealed)
}

// deal deals a page's items, in parts that one receipt may stand for.
func (d *dealing) deal(ctx context.Context, items []approval.ReshareItem) error {
	var versions []version
	for _, item := range items {
		v, err := d.dealable(d.c, item)
		if err != nil {
			d.leaveOut(err)
		} else if v != nil {
			versions = append(versions, *v)
		}
	}
	for _, v := range versions {
		if !d.look.shows(v.verified) {
			return fmt.Errorf("%q, version %d, is shared in another way than any that was shown: %w", v.verified.Header.Path, v.verified.Header.Version, ErrNotShown)
		}
	}
	for part := range slices.Chunk(versions, approval.MaxDeals) {
		err := d.part(ctx, part)
		if errors.Is(err, errUndealt) && len(part) > 1 {
			// One of them cannot be opened: the others need not wait for it.
			for i := range part {
				if err := d.orLeaveOut(d.part(ctx, part[i:i+1])); err != nil {
					return err
				}
			}
		} else if err := d.orLeaveOut(err); err != nil {
			return err
		}
	}
	return nil
}

func (d *dealing) orLeaveOut(err error) error {
	if errors.Is(err, errUndealt) {
		d.leaveOut(err)
		return nil
	}
	return err
}

func (d *dealing) leaveOut(err error) {
	d.left++
	d.say("Left out: %s", err)
}

// errUndealt means that nothing was signed: a version could not be dealt.
var errUndealt = errors.New("not dealt")

// part deals versions with one receipt, which is written down before it is sent.
func (d *dealing) part(ctx context.Context, part []version) error {
	all, epochs := make([]*secret.Verified, len(part)), make([]uint32, len(part))
	for i, v := range part {
		all[i], epochs[i] = v.verified, v.epoch
	}
	signer := d.Device.Keys.Signer()
	defer signer.Wipe()
	now := d.Clock.Now()
	answer, err := d.Device.Memory.Deal(d.mark(part), now, func(l approval.Ledger) (approval.ReshareAnswer, error) {
		answer, err := d.c.Deal(all, epochs, d.keyrings, signer, l, now)
		if err != nil && !errors.Is(err, approval.ErrReshare) { // which is about all of them
			err = fmt.Errorf("%w: %w", errUndealt, err)
		}
		return answer, err
	})
	if err != nil {
		return err
	}
	state, err := d.sendDeal(ctx, answer)
	if err != nil {
		return err
	}
	d.done, d.total = state.Done, max(state.Total, state.Done)
	d.progress(d.done, d.total)
	return nil
}

// mark is what a part is remembered by: the re-share, and where in time and in it the
// part is.
func (d *dealing) mark(part []version) envelope.Hash {
	first := part[0].verified
	at := binary.BigEndian.AppendUint64(nil, uint64(d.Clock.Now().UnixNano()))
	return envelope.SumHash([]byte("stillvault/dealt/v1"), d.c.Hash[:], first.HeaderHash[:], at)
}

func (s *Session) sendDeal(ctx context.Context, answer approval.ReshareAnswer) (*broker.DealProgress, error) {
	var state *broker.DealProgress
	err := s.post(ctx, func(ctx context.Context) error {
		var err error
		state, err = s.Broker.SendDeals(ctx, answer)
		return err
	}, s.Device.Memory.Dealt)
	return state, err
}

// sendUndealt sends what an earlier session could not.
func (s *Session) sendUndealt(ctx context.Context) error {
	answer, err := s.Device.Memory.Undealt()
	if err != nil || answer == nil {
		return err
	}
	_, err = s.sendDeal(ctx, *answer)
	switch {
	case err == nil:
		s.say("Sent the part of a re-share that was left from before.")
	case errors.Is(err, errRefusedAnswer):
		s.say("The part of a re-share that was left from before came too late: %s", err)
	default:
		return err
	}
	return nil
}
