package desk

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
)

type approveArgs struct {
	Hash      string    `json:"hash"`
	Typed     string    `json:"typed"`
	Assertion Assertion `json:"assertion"`
}

// Decided is an answer that was written down and is to be sent.
type Decided struct {
	Keep
	Release string `json:"release"`
	Request string `json:"request"`
	Counter uint64 `json:"counter"`
	Consent bool   `json:"consent"` // more is asked of the person later
	Took    int64  `json:"took"`    // milliseconds
}

// approve answers yes to one request with one gesture: with a consent where the
// policy wants everybody's word first and this approver has not given it, with
// what they release otherwise. The keyring is open for this one answer.
func (d *Desk) approve(a approveArgs, s Secrets) (*Decided, error) {
	began := d.clock()
	w, err := d.decidable(a.Hash)
	if err != nil {
		return nil, err
	}
	consent := w.c.Policy.ConsentFirst && !w.c.ConsentedBy(d.me.Approver)
	purpose, mark := PurposeApprove, w.c.Hash
	if consent {
		purpose, mark = PurposeConsent, w.c.ConsentMark()
		if d.decided(mark) {
			return nil, fmt.Errorf("consent to request %s: %w", w.c.Request.ID, approval.ErrReplayed)
		}
	}
	made, err := d.redeem(a.Assertion, purpose, w.c.Hash)
	if err != nil {
		return nil, err
	}
	c, err := d.again(w, made, a.Typed)
	if err != nil {
		return nil, err
	}
	k, err := d.unlock(s)
	if err != nil {
		return nil, fmt.Errorf("open the keyring for %s: %w", c.Request.ID, err)
	}
	defer k.Wipe()
	signer := d.me.keys.Signer()
	defer signer.Wipe()
	sign := c.Approve
	if consent {
		sign = c.Consent
	}
	release, err := sign(k, signer, d.ledger, d.now)
	if err != nil {
		return nil, err
	}
	decided, err := d.record(c, w.item.Request, mark, release)
	if err != nil {
		return nil, err
	}
	decided.Consent, decided.Took = consent, d.clock().Sub(began).Milliseconds()
	return decided, nil
}

type denyArgs struct {
	Hash   string `json:"hash"`
	Reason string `json:"reason"`
	Report bool   `json:"report"` // nobody should have asked this
}

// deny answers no. It needs no gesture.
func (d *Desk) deny(a denyArgs) (*Decided, error) {
	began := d.clock()
	w, err := d.decidable(a.Hash)
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(a.Reason)
	if len(reason) > approval.MaxReason || !approval.Printable(reason) {
		return nil, ErrReason
	}
	signer := d.me.keys.Signer()
	defer signer.Wipe()
	release, err := w.c.Deny(reason, a.Report, signer, d.ledger, d.now)
	if err != nil {
		return nil, err
	}
	decided, err := d.record(w.c, w.item.Request, w.c.Hash, release)
	if err != nil {
		return nil, err
	}
	decided.Took = d.clock().Sub(began).Milliseconds()
	return decided, nil
}

// decidable returns an open request that was not decided here, at a device that
// the organisation still has and that nothing has overtaken.
func (d *Desk) decidable(hash string) (*waiting, error) {
	if err := d.standing(); err != nil {
		return nil, err
	}
	if d.overtaken() {
		return nil, ErrOvertaken
	}
	h, err := envelope.ParseHash(hash)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", ErrArguments)
	}
	if d.decided(h) {
		return nil, approval.ErrReplayed
	}
	return d.listing.find(hash)
}

// again reviews a request once more, for it may have waited for the person. The
// code that they typed was compared when the gesture began, if the page gave it
// then, on the case of that time; comparing takes as long as everything else
// together, so that case goes on if nothing about the request has changed.
func (d *Desk) again(w *waiting, made issued, typed string) (*approval.Case, error) {
	c, err := d.reviewer().Review(w.item, d.now)
	if err != nil {
		return nil, err
	}
	switch {
	case !c.Policy.MatchCode:
		return c, nil
	case made.compared != nil && made.compared.mark == w.mark:
		return made.compared.c, nil
	}
	return c, c.Compare(typed)
}

// unlock opens the approver's keyring with the passkey's PRF output and holds it
// against the roster: a row that was swapped gives keys that nobody admitted. The
// caller wipes it.
func (d *Desk) unlock(s Secrets) (*keyring.Keyring, error) {
	output, err := prfOutput(s, "prf")
	if err != nil {
		return nil, err
	}
	defer output.Wipe()
	return d.openKeyring(func(owner keyring.Owner) (*keyring.Keyring, error) {
		return keyring.OpenWithPRF(d.me.row, owner, output, d.me.KeyCheck)
	})
}

// openKeyring opens the row with one of its factors.
func (d *Desk) openKeyring(open func(keyring.Owner) (*keyring.Keyring, error)) (*keyring.Keyring, error) {
	a, err := d.roster.Approver(d.me.Approver)
	if err != nil {
		return nil, err
	}
	k, err := open(keyring.Owner{Organisation: d.me.Organisation, Approver: a.ID, Generation: a.Generation})
	if err != nil {
		return nil, err
	}
	public, err := k.Public()
	if err == nil {
		err = a.Holds(public)
	}
	if err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

// decided says whether something was decided here: a request by its hash, or a
// consent by its mark.
func (d *Desk) decided(mark envelope.Hash) bool {
	_, found := d.kept.entries[keyDecided+mark.String()]
	return found
}

// record writes an answer down, so that it is sent though the page goes away, its
// number is never given twice, and nothing is decided twice.
func (d *Desk) record(c *approval.Case, request envelope.Signed, mark envelope.Hash, release approval.Release) (*Decided, error) {
	rec, err := envelope.Peek[approval.Receipt](release.Receipt, envelope.TypeReceipt)
	if err != nil {
		return nil, err
	}
	out := &Decided{Counter: rec.Counter}
	if out.Release, err = encoded(release); err != nil {
		return nil, err
	}
	if out.Request, err = encoded(request); err != nil {
		return nil, err
	}
	receipt, err := encoded(release.Receipt)
	if err != nil {
		return nil, err
	}
	next := d.ledger.After(release.Receipt)
	entries, err := encodedAll(map[string]any{
		keyLedger:                         next,
		keyDecided + mark.String():        c.Request.Deadline,
		numbered(keyUnsent, rec.Counter):  answer{Release: out.Release, Request: out.Request, Path: c.Request.Path},
		numbered(keyHistory, rec.Counter): entryOf(c, &rec, receipt),
	})
	if err != nil {
		return nil, err
	}
	// Nothing below fails: a number counts as given with all that was answered by
	// it, or not at all.
	d.ledger = next
	for key, text := range entries {
		d.kept.put(key, text)
	}
	d.forgetOld()
	if rec.Decision != approval.Consent {
		d.listing.remove(c.Hash)
	} else if w := find(d.listing.open, c.Hash); w != nil {
		w.card.Consented = true
	}
	return out, nil
}

// forgetMargin covers a clock that is set back a little.
const forgetMargin = 2 * approval.MaxClockSkew

// forgetOld drops the memory of decisions whose requests could not be decided any
// more, and the oldest of the history.
func (d *Desk) forgetOld() {
	for _, key := range d.kept.below(keyDecided) {
		deadline, _, err := getAs[envelope.Time](&d.kept, key)
		if err == nil && deadline.Add(forgetMargin) < envelope.At(d.now) {
			d.kept.drop(key)
		}
	}
	history := d.kept.below(keyHistory)
	for _, key := range history[:max(0, len(history)-maxHistory)] {
		d.kept.drop(key)
	}
}
