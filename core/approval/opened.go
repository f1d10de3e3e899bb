package approval

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Opened is a consumer's signed word about shares that it put together: that those of
// these people opened the version, or that a dealer lied. Brokers keep the shares of
// the epoch before until the new ones have proven themselves; for what hosts open,
// this is how they learn of it. It grants nothing and reveals nothing. It is a word and
// no proof: brokers believe it only of people whose approval of this request they have
// on record, and no accusation by a host takes shares back by itself.
type Opened struct {
	Organisation envelope.Hash `json:"organisation"`
	Mount        envelope.ID   `json:"mount"`
	Consumer     envelope.ID   `json:"consumer"`
	Request      envelope.Hash `json:"request"`
	Header       envelope.Hash `json:"header"`
	WrapSet      envelope.Hash `json:"wrap_set"`
	Approvers    []envelope.ID `json:"approvers"` // whose shares opened it; none if a dealer lied
	Accused      envelope.ID   `json:"accused"`   // the dealer who lied, zero if none did
	Epoch        uint32        `json:"epoch"`     // into which they dealt, 0 if none did
	Time         envelope.Time `json:"time"`
	Roster       roster.Head   `json:"roster"`
}

// ReportOpened signs a consumer's word about what became of a request's shares:
// approvers is what [Pending.Quorum] returned, or lied the dealer whom opening them
// named.
func ReportOpened(r *roster.Roster, q *Request, request envelope.Hash, v *secret.Verified, approvers []envelope.ID, lied *secret.DealerError, signer envelope.Signer, now time.Time) (envelope.Signed, error) {
	o := Opened{
		Organisation: q.Organisation, Mount: q.Mount, Consumer: q.Consumer, Request: request, Header: v.HeaderHash, WrapSet: v.WrapSet,
		Approvers: append([]envelope.ID{}, approvers...), Time: envelope.At(now), Roster: r.Head(),
	}
	if lied != nil {
		o.Accused, o.Epoch = lied.Approver, lied.Epoch
	}
	return envelope.Sign(envelope.TypeOpened, o, signer)
}

// ReadOpened verifies that the consumer of a request, in force, says so of it.
func ReadOpened(r *roster.Roster, s envelope.Signed, q *Request, request envelope.Hash) (*Opened, error) {
	o, err := envelope.Peek[Opened](s, envelope.TypeOpened)
	if err != nil {
		return nil, fmt.Errorf("opened: %w", err)
	}
	consumer, err := r.Consumer(q.Consumer)
	if err != nil {
		return nil, fmt.Errorf("opened: %w", err)
	}
	if err := s.Verify(envelope.TypeOpened, consumer.Signing); err != nil {
		return nil, fmt.Errorf("opened: %w", err)
	}
	if o.Organisation != r.Organisation() || o.Mount != q.Mount || o.Consumer != q.Consumer || o.Request != request ||
		o.Header != q.Header || (len(o.Approvers) == 0) == o.Accused.IsZero() || o.Accused.IsZero() != (o.Epoch == 0) {
		return nil, fmt.Errorf("opened: of another request: %w", ErrRequest)
	}
	return &o, r.Accepts(o.Roster)
}
