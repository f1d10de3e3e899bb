package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// Opened is a consumer's signed word about shares that it put together: that those of
// these people opened the version, or that a dealer lied. Brokers keep the shares of
// the epoch before until the new ones have proven themselves; for what hosts open,
// this is how they learn of it. It grants nothing and reveals nothing.
type Opened struct {
	Organisation envelope.Hash `json:"organisation"`
	Mount        envelope.ID   `json:"mount"`
	Consumer     envelope.ID   `json:"consumer"`
	Request      envelope.Hash `json:"request"`
	Header       envelope.Hash `json:"header"`
	WrapSet      envelope.Hash `json:"wrap_set"`
	Approvers    []envelope.ID `json:"approvers"` // whose shares opened it; none if a dealer lied
	Accused      envelope.ID   `json:"accused"`   // the dealer who lied, zero if none did
	Time         envelope.Time `json:"time"`
	Roster       roster.Head   `json:"roster"`
}

// ReportOpened signs a consumer's word about what became of a request's shares.
func ReportOpened(r *roster.Roster, q *Request, request envelope.Hash, v *secret.Verified, approvers []envelope.ID, accused envelope.ID, signer envelope.Signer, now time.Time) (envelope.Signed, error) {
	return envelope.Sign(envelope.TypeOpened, Opened{
		Organisation: q.Organisation, Mount: q.Mount, Consumer: q.Consumer, Request: request, Header: v.HeaderHash, WrapSet: v.WrapSet,
		Approvers: slices.Concat([]envelope.ID{}, approvers), Accused: accused, Time: envelope.At(now), Roster: r.Head(),
	}, signer)
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
		o.Header != q.Header || (len(o.Approvers) == 0) == o.Accused.IsZero() {
		return nil, fmt.Errorf("opened: of another request: %w", ErrRequest)
	}
	return &o, r.Accepts(o.Roster)
}
