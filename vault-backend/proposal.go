package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/helper/locksutil"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// proposal is a further device of an approver, until the organisation's signer
// admits it:
//
//	proposed/<approver id>/<device id>  {"certificate", "expires"}
//
// Only the approver's keyring can sign a certificate, so nobody else can fill
// this, and the signer verifies it again.
type proposal struct {
	Certificate envelope.Signed `json:"certificate"`
	Expires     envelope.Time   `json:"expires"`
}

const proposalPrefix = "proposed/"

// Limits of proposals.
const (
	maxProposals  = 8 // of one approver
	keepProposals = 30 * 24 * time.Hour
)

// States of a proposal.
const (
	proposalProposed = "proposed"
	proposalAdmitted = "admitted"
)

func proposalFolder(approver envelope.ID) string { return proposalPrefix + approver.String() + "/" }

// checkProposal returns what a certificate says, and whether its device is
// admitted. It must be signed with the approver's key in force.
func checkProposal(r *roster.Roster, s envelope.Signed) (c keyring.Certificate, admitted bool, err error) {
	unverified, err := envelope.Peek[keyring.Certificate](s, envelope.TypeCertificate)
	if err != nil {
		return c, false, fmt.Errorf("certificate: %w", err)
	}
	a, err := r.Approver(unverified.Approver)
	if err != nil {
		return c, false, err
	}
	if c, err = keyring.VerifyCertificate(s, a.Signing); err != nil {
		return c, false, err
	}
	if c.Organisation != r.Organisation() {
		return c, false, fmt.Errorf("certificate: %w", roster.ErrOrganisation)
	}
	if c.Generation != a.Generation {
		return c, false, fmt.Errorf("certified by keyring %d of %q, now %d: %w", c.Generation, a.Name, a.Generation, keyring.ErrCertificate)
	}
	known, err := r.FormerDevice(c.Device)
	switch {
	case errors.Is(err, roster.ErrUnknown):
		return c, false, nil
	case err != nil:
		return c, false, err
	case known.Revoked:
		return c, false, fmt.Errorf("device %q: %w", known.Name, roster.ErrRevoked)
	case known.Approver != c.Approver || known.Signing != c.Signing || !slices.Equal(known.KEM, c.KEM):
		return c, false, fmt.Errorf("device %s: %w", c.Device, errDeviceKnown)
	}
	return c, true, nil
}

// propose keeps a certificate until its device is admitted, and says whether it
// is. The same again changes nothing but for how long it is kept. The device's
// recovery kit is kept with it.
func (b *broker) propose(ctx context.Context, s envelope.Signed, kit *postedKit) (state string, err error) {
	var c keyring.Certificate
	admitted := false
	err = b.withRoster(ctx, func(r *roster.Roster) (err error) {
		c, admitted, err = checkProposal(r, s)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := b.checkKit(ctx, kit, c.Approver); err != nil {
		return "", err
	}
	if admitted {
		return proposalAdmitted, b.storeKit(ctx, kit, c, false)
	}
	folder := proposalFolder(c.Approver)
	lock := locksutil.LockForKey(b.locks, folder)
	lock.Lock()
	defer lock.Unlock()
	all, err := b.tidyProposals(ctx, c.Approver)
	if err != nil {
		return "", err
	}
	entry := folder + c.Device.String()
	known, err := load[proposal](ctx, b.storage, entry)
	if err != nil {
		return "", err
	}
	if known == nil && len(all) >= maxProposals {
		return "", fmt.Errorf("%d devices: %w", len(all), errProposalsFull)
	}
	if err := store(ctx, b.storage, entry, proposal{s, envelope.At(b.now()).Add(keepProposals)}); err != nil {
		return "", err
	}
	return proposalProposed, b.storeKit(ctx, kit, c, true)
}

// proposals returns the certificates of an approver's devices that could be
// admitted now, and removes nothing.
func (b *broker) proposals(ctx context.Context, approver envelope.ID) (open []envelope.Signed, over []string, err error) {
	folder := proposalFolder(approver)
	keys, err := b.storage.List(ctx, folder)
	if err != nil {
		return nil, nil, fmt.Errorf("list proposed devices: %w", err)
	}
	slices.Sort(keys)
	for _, key := range keys {
		p, err := load[proposal](ctx, b.storage, folder+key)
		if err != nil {
			return nil, nil, err
		}
		if p == nil {
			continue
		}
		admitted := false
		err = b.withRoster(ctx, func(r *roster.Roster) (err error) {
			_, admitted, err = checkProposal(r, p.Certificate)
			return err
		})
		if isUnready(err) {
			return nil, nil, err
		}
		if err != nil || admitted || envelope.At(b.now()) >= p.Expires {
			over = append(over, folder+key)
			continue
		}
		open = append(open, p.Certificate)
	}
	return open, over, nil
}

// tidyProposals removes what can no longer be admitted of an approver's
// proposals, and returns the rest. The folder's lock is held.
func (b *broker) tidyProposals(ctx context.Context, approver envelope.ID) ([]envelope.Signed, error) {
	open, over, err := b.proposals(ctx, approver)
	if err != nil {
		return nil, err
	}
	for _, entry := range over {
		if err := remove(ctx, b.storage, entry); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// forgetProposals removes every proposal that can no longer be admitted, or was.
func (b *broker) forgetProposals(ctx context.Context) error {
	folders, err := b.storage.List(ctx, proposalPrefix)
	if err != nil {
		return fmt.Errorf("list proposed devices: %w", err)
	}
	for _, f := range folders {
		approver, err := envelope.ParseID(strings.TrimSuffix(f, "/"))
		if err != nil {
			return errStored
		}
		lock := locksutil.LockForKey(b.locks, proposalFolder(approver))
		lock.Lock()
		_, err = b.tidyProposals(ctx, approver)
		lock.Unlock()
		if err != nil && !isUnready(err) {
			return err
		}
	}
	return nil
}
