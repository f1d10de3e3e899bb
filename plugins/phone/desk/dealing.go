package desk

import (
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/secret"
)

// dealingLife is how long the keyring stays open for one gesture, at most: enough
// for some ten thousand versions on a phone.
const dealingLife = 10 * time.Minute

// ErrDealing means that no keyring is open for a re-share.
var ErrDealing = errors.New("reshare_stopped: the keyring is closed again; go on with another gesture")

// dealing is a re-share for which the person made the gesture: their keyring stays
// open from page to page, and is wiped with the last one, with whatever fails, and
// when the page is left.
type dealing struct {
	c       *approval.ReshareCase
	agreed  *agreed
	keyring *keyring.Keyring
	after   envelope.Hash // header of the last version of the page before
	seen    map[envelope.Hash]bool
	expires time.Time
	dealt   int
	refused []RefusedVersion
}

// DealingStatus is how far a re-share is in this go.
type DealingStatus struct {
	Dealt   int              `json:"dealt"`
	Refused []RefusedVersion `json:"refused"`
}

func (g *dealing) status() *DealingStatus {
	return &DealingStatus{Dealt: g.dealt, Refused: append([]RefusedVersion{}, g.refused...)}
}

// stopDealing wipes the keyring that was open.
func (d *Desk) stopDealing() {
	if d.dealing != nil {
		d.dealing.keyring.Wipe()
		d.dealing = nil
	}
}

type reshareBeginArgs struct {
	Hash      string    `json:"hash"`
	Assertion Assertion `json:"assertion"`
}

// reshareBegin opens the keyring with the one gesture for all pages.
func (d *Desk) reshareBegin(a reshareBeginArgs, s Secrets) (*DealingStatus, error) {
	d.stopDealing()
	rs, err := d.dealable(a.Hash)
	if err != nil {
		return nil, err
	}
	made, err := d.redeem(a.Assertion, PurposeReshare, rs.mark())
	if err != nil {
		return nil, err
	}
	k, err := d.unlock(s)
	if err != nil {
		return nil, fmt.Errorf("open the keyring for a re-share: %w", err)
	}
	rs.since = nil
	d.dealing = &dealing{c: rs.c, agreed: made.agreed, keyring: k, seen: map[envelope.Hash]bool{}, expires: d.now.Add(dealingLife)}
	return d.dealing.status(), nil
}

// dealable returns a re-share that waits, at a device that may answer.
func (d *Desk) dealable(hash string) (*resharing, error) {
	if err := d.standing(); err != nil {
		return nil, err
	}
	if d.overtaken() {
		return nil, ErrOvertaken
	}
	return d.reshare(hash)
}

// Dealt is what came of one page.
type Dealt struct {
	Keep
	// Answer is for device/deal; empty where nothing of the page was dealt.
	Answer  string           `json:"answer"`
	Counter uint64           `json:"counter"`
	Secrets int              `json:"secrets"` // in this answer
	More    bool             `json:"more"`
	Dealt   int              `json:"dealt"` // since the gesture
	Refused []RefusedVersion `json:"refused"`
	Took    int64            `json:"took"` // milliseconds
}

// reshareDeal deals the versions of a page, each to the people whom this device's
// own roster names, and writes the answer down. Whatever fails closes the keyring.
func (d *Desk) reshareDeal(a resharePageArgs) (*Dealt, error) {
	began := d.clock()
	if d.dealing == nil {
		return nil, ErrDealing
	}
	dealt, err := d.dealPage(d.dealing, a)
	if err != nil {
		d.stopDealing()
		return nil, err
	}
	dealt.Dealt, dealt.Refused = d.dealing.dealt, d.dealing.status().Refused
	if !dealt.More {
		d.stopDealing()
	}
	dealt.Took = d.clock().Sub(began).Milliseconds()
	return dealt, nil
}

// reshareEnd closes the keyring: the person left, or gave up. It returns the
// re-shares as they are shown from then on.
func (d *Desk) reshareEnd(none) (*Looked, error) {
	d.stopDealing()
	return &Looked{d.reshareCards()}, nil
}

func (d *Desk) dealPage(g *dealing, a resharePageArgs) (*Dealt, error) {
	rs, err := d.dealable(a.Hash)
	switch {
	case err != nil:
		return nil, err
	case rs.c.Hash != g.c.Hash:
		return nil, fmt.Errorf("another re-share: %w", ErrArguments)
	case !d.now.Before(g.expires):
		return nil, ErrDealing
	}
	page, err := d.resharePage(g.c, a)
	if err != nil {
		return nil, err
	}
	versions, epochs, shared, err := d.readPage(g, page)
	if err != nil || len(versions) == 0 {
		return &Dealt{More: page.More}, err
	}
	rs.look = rs.look.orNew()
	for _, s := range shared {
		rs.look.count(s)
	}
	if more := g.agreed.beyond(shared, g.dealt); more != nil {
		return nil, rs.more(more, len(versions))
	}
	dealt, err := d.dealAll(g, versions, epochs, page.More)
	if err == nil {
		rs.notice.Done = min(rs.notice.Total, rs.notice.Done+uint32(dealt.Secrets))
	}
	return dealt, err
}

// readPage returns the versions of a page that are to be dealt, and how each is
// shared now. A page that shows a version twice leads nowhere.
func (d *Desk) readPage(g *dealing, page *approval.ResharePage) (versions []*secret.Verified, epochs []uint32, shared []sharing, err error) {
	if len(page.Items) > approval.MaxDeals || len(page.Items) == 0 && page.More {
		return nil, nil, nil, fmt.Errorf("a page of %d versions: %w", len(page.Items), approval.ErrReshare)
	}
	for _, item := range page.Items {
		g.after = item.Version.Header.Hash()
		if g.seen[g.after] {
			return nil, nil, nil, fmt.Errorf("a version is shown twice: %w", approval.ErrReshare)
		}
		g.seen[g.after] = true
		v, target, err := d.verifyItem(g.c, item)
		switch {
		case errors.Is(err, secret.ErrFollows): // done meanwhile
		case err != nil:
			g.refused = append(g.refused, refusedVersion(item, err))
		default:
			versions, epochs, shared = append(versions, v), append(epochs, item.Epoch), append(shared, d.sharingOf(v, target))
		}
	}
	return versions, epochs, shared, nil
}

// dealAll deals a page's versions. If one of them cannot be dealt, it is found and
// left out.
func (d *Desk) dealAll(g *dealing, versions []*secret.Verified, epochs []uint32, more bool) (*Dealt, error) {
	signer := d.me.keys.Signer()
	defer signer.Wipe()
	keyrings := []*keyring.Keyring{g.keyring}
	answer, err := g.c.Deal(versions, epochs, keyrings, signer, d.ledger, d.now)
	if err != nil {
		if versions, epochs = d.sound(g, versions, epochs); len(versions) == 0 {
			return &Dealt{More: more}, nil
		}
		if answer, err = g.c.Deal(versions, epochs, keyrings, signer, d.ledger, d.now); err != nil {
			return nil, err
		}
	}
	dealt, err := d.recordDeal(g.c, answer)
	if err != nil {
		return nil, err
	}
	g.dealt += len(versions)
	dealt.More = more
	return dealt, nil
}

// sound returns the versions that can be dealt one by one, and notes the others as
// refused.
func (d *Desk) sound(g *dealing, versions []*secret.Verified, epochs []uint32) (ok []*secret.Verified, numbers []uint32) {
	for i, v := range versions {
		if _, err := v.Deal(d.roster, g.keyring, epochs[i]); err != nil {
			g.refused = append(g.refused, RefusedVersion{Path: v.Header.Path, Version: v.Header.Version, Name: Name(err), Text: Text(err)})
			continue
		}
		ok, numbers = append(ok, v), append(numbers, epochs[i])
	}
	return ok, numbers
}

// recordDeal writes an answer down as [Desk.record] does one to a request.
func (d *Desk) recordDeal(c *approval.ReshareCase, a approval.ReshareAnswer) (*Dealt, error) {
	rec, err := envelope.Peek[approval.Receipt](a.Receipt, envelope.TypeReceipt)
	if err != nil {
		return nil, err
	}
	out := &Dealt{Counter: rec.Counter, Secrets: len(a.Deals)}
	if out.Answer, err = encoded(a); err != nil {
		return nil, err
	}
	receipt, err := encoded(a.Receipt)
	if err != nil {
		return nil, err
	}
	next := d.ledger.After(a.Receipt)
	entries, err := encodedAll(map[string]any{
		keyLedger:                        next,
		numbered(keyUnsent, rec.Counter): answer{Deal: out.Answer, Path: c.Policy.Pattern},
		numbered(keyHistory, rec.Counter): Entry{
			Counter: rec.Counter, ID: c.Request.ID.String(), Hash: c.Hash.String(), Path: c.Policy.Pattern, Decision: string(rec.Decision),
			Time: shown(rec.Time), Receipt: receipt, State: stateUnsent, Secrets: len(a.Deals),
		},
	})
	if err != nil {
		return nil, err
	}
	d.ledger = next
	for key, text := range entries {
		d.kept.put(key, text)
	}
	d.forgetOld()
	return out, nil
}
