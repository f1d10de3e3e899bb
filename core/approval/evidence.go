package approval

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Evidence is a decision with what it was about: it can be verified offline,
// with the org log alone.
//
// Of a re-share, Request is the mount's [ReshareRequest], and Reshared says which
// versions were dealt; of any other decision it is empty.
type Evidence struct {
	Receipt  envelope.Signed `json:"receipt"`
	Request  envelope.Signed `json:"request"`
	Reshared []Reshared      `json:"reshared"`
}

// Finding is what a piece of evidence proves.
//
// Of a re-share, Reshare is set instead of Request.
type Finding struct {
	Receipt  Receipt
	Request  Request
	Reshare  *ReshareRequest
	Reshared []Reshared
	Approver *roster.Approver
	Device   *roster.Device
	Consumer *roster.Consumer
}

// Verify checks the signatures of both parts and that they belong together,
// under a roster that may be newer than they are.
func (e Evidence) Verify(r *roster.Roster) (*Finding, error) {
	rec, err := ReadReceipt(r, e.Receipt)
	if err != nil {
		return nil, err
	}
	if rec.Decision == Reshare {
		return e.verifyReshare(r, rec)
	}
	q, err := envelope.Peek[Request](e.Request, envelope.TypeRequest)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if len(e.Reshared) > 0 {
		return nil, fmt.Errorf("receipt of request %s: %w", rec.RequestID, ErrRelease)
	}
	// The approver signed the request's hash: what was decided stands even if
	// the consumer's key leaked later, and [Finding.Consumer] says so.
	consumer, err := r.FormerConsumerAt(q.Consumer, q.Roster)
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if err := e.Request.Verify(envelope.TypeRequest, consumer.Signing); err != nil {
		return nil, fmt.Errorf("request %s: %w", q.ID, err)
	}
	if rec.Request != e.Request.Hash() || rec.RequestID != q.ID || rec.Mount != q.Mount || rec.Organisation != q.Organisation {
		return nil, fmt.Errorf("receipt of request %s: %w", rec.RequestID, ErrRelease)
	}
	if err := q.precedes(rec); err != nil {
		return nil, fmt.Errorf("receipt of request %s: %w", rec.RequestID, err)
	}
	return (&Finding{Receipt: *rec, Request: q, Consumer: consumer}).signed(r)
}

// signed adds who signed the receipt.
func (f *Finding) signed(r *roster.Roster) (*Finding, error) {
	var err error
	if f.Approver, err = r.FormerApprover(f.Receipt.Approver); err != nil {
		return nil, err
	}
	f.Device, err = r.FormerDevice(f.Receipt.Device)
	return f, err
}

// verifyReshare checks that a receipt is about these versions, and about a re-share
// that the mount asked for.
func (e Evidence) verifyReshare(r *roster.Roster, rec *Receipt) (*Finding, error) {
	q, err := readReshare(r, e.Request, r.FormerConsumerAt)
	if err != nil {
		return nil, fmt.Errorf("re-share: %w", err)
	}
	hash, err := hashReshared(e.Reshared)
	if err != nil {
		return nil, err
	}
	if len(e.Reshared) == 0 || rec.Blob != hash || rec.Request != e.Request.Hash() || rec.RequestID != q.ID || rec.Mount != q.Mount {
		return nil, fmt.Errorf("receipt of re-share %s: %w", rec.RequestID, ErrReshare)
	}
	if rec.Roster.Seq < q.Roster.Seq || rec.Time < q.Created.Add(-MaxClockSkew) {
		return nil, fmt.Errorf("receipt of re-share %s: dealt before it was asked: %w", rec.RequestID, ErrReshare)
	}
	consumer, err := r.FormerConsumerAt(q.Consumer, q.Roster)
	if err != nil {
		return nil, err
	}
	return (&Finding{Receipt: *rec, Reshare: q, Reshared: e.Reshared, Consumer: consumer}).signed(r)
}

// precedes checks that a decision was made when it could be: by somebody who
// knew at least the statements that the consumer knew, not before the request
// and, unless it is a denial, not after its deadline.
func (q *Request) precedes(rec *Receipt) error {
	switch {
	case rec.Roster.Seq < q.Roster.Seq:
		return fmt.Errorf("decided under an older roster than it was asked under: %w", ErrRelease)
	case rec.Time < q.Created.Add(-MaxClockSkew):
		return fmt.Errorf("decided before it was asked: %w", ErrFuture)
	case rec.Decision != Deny && rec.Time >= q.Deadline:
		return ErrExpired
	}
	return nil
}

// VerifyChains checks that receipts are, device by device, the unbroken
// beginning of what the device signed: numbers from 1, each naming the one
// before. A receipt that is missing in the middle is [ErrReceipts]; one that is
// missing at the end shows only against the device's own [Ledger].
func VerifyChains(r *roster.Roster, receipts []envelope.Signed) error {
	byDevice := map[envelope.ID]map[uint64]envelope.Signed{}
	for _, s := range receipts {
		rec, err := ReadReceipt(r, s)
		if err != nil {
			return err
		}
		chain := byDevice[rec.Device]
		if chain == nil {
			chain = map[uint64]envelope.Signed{}
			byDevice[rec.Device] = chain
		}
		if other, taken := chain[rec.Counter]; taken && other.Hash() != s.Hash() {
			return fmt.Errorf("device %s signed two receipts with number %d: %w", rec.Device, rec.Counter, ErrReceipts)
		}
		chain[rec.Counter] = s
	}
	for device, chain := range byDevice {
		if err := verifyChain(chain); err != nil {
			return fmt.Errorf("device %s: %w", device, err)
		}
	}
	return nil
}

func verifyChain(chain map[uint64]envelope.Signed) error {
	numbers := make([]uint64, 0, len(chain))
	for n := range chain {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var previous envelope.Hash
	for i, n := range numbers {
		rec, err := envelope.Peek[Receipt](chain[n], envelope.TypeReceipt)
		if err != nil {
			return err
		}
		if n != uint64(i+1) || rec.Previous != previous {
			return fmt.Errorf("number %d: %w", i+1, ErrReceipts)
		}
		previous = chain[n].Hash()
	}
	return nil
}
