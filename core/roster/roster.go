package roster

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Roster is the fold of an org log: who and what is admitted, now and, where a
// signature from then must still be checked, formerly. The zero value is not
// usable; [Fold] makes one.
type Roster struct {
	organisation envelope.Hash
	identity     envelope.VerifyKey
	recovery     envelope.Hash
	hashes       []envelope.Hash // of every statement, by sequence number
	last         envelope.Time   // the latest of their times
	expires      envelope.Time   // of the last checkpoint; zero without one

	approvers map[envelope.ID]*Approver
	devices   map[envelope.ID]*Device
	groups    map[envelope.ID]*Group
	consumers map[envelope.ID]*Consumer
	receipts  map[envelope.ID]ReceiptHead // the last checkpointed of each device
	policies  policySet
}

// Fold reads a log from its first statement. organisation is the pinned id;
// zero takes the id from the log, which is right only where it is being pinned.
func Fold(organisation envelope.Hash, log []envelope.Signed) (*Roster, error) {
	if len(log) == 0 {
		return nil, fmt.Errorf("fold the org log: empty: %w", ErrSequence)
	}
	r := &Roster{
		approvers: map[envelope.ID]*Approver{},
		devices:   map[envelope.ID]*Device{},
		groups:    map[envelope.ID]*Group{},
		consumers: map[envelope.ID]*Consumer{},
		receipts:  map[envelope.ID]ReceiptHead{},
		policies:  newPolicySet(),
	}
	if err := r.start(log[0]); err != nil {
		return nil, fmt.Errorf("fold the org log: %w", err)
	}
	if !organisation.IsZero() && organisation != r.organisation {
		return nil, fmt.Errorf("fold the org log: %w", ErrOrganisation)
	}
	for _, s := range log[1:] {
		if err := r.Append(s); err != nil {
			return nil, fmt.Errorf("fold the org log: %w", err)
		}
	}
	return r, nil
}

// Append checks sequence, signature and meaning of the next statement and
// applies it. On an error nothing has changed.
func (r *Roster) Append(s envelope.Signed) error { return r.append(s, r.verify) }

func (r *Roster) append(s envelope.Signed, verify func(envelope.Signed, Statement) error) error {
	if len(s.Payload) > maxStatementEncoded {
		return fmt.Errorf("statement of %d bytes, limit %d: %w", len(s.Payload), maxStatementEncoded, envelope.ErrTooLarge)
	}
	st, err := envelope.Peek[Statement](s, envelope.TypeStatement)
	if err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	if err := r.apply(s, st, verify); err != nil {
		return fmt.Errorf("statement %d (%s): %w", st.Seq, st.Kind, err)
	}
	r.hashes = append(r.hashes, s.Hash())
	r.last = max(r.last, st.Time)
	return nil
}

func (r *Roster) apply(s envelope.Signed, st Statement, verify func(envelope.Signed, Statement) error) error {
	if st.Seq != uint64(len(r.hashes)) || st.Prev != r.hashes[len(r.hashes)-1] {
		return ErrSequence
	}
	meaning, known := meanings[st.Kind]
	if !known {
		return fmt.Errorf("unknown kind: %w", ErrStatement)
	}
	if err := verify(s, st); err != nil {
		return err
	}
	// Signers' clocks may differ a little; a log whose time runs backwards
	// further than that was not written in this order.
	if st.Time < r.last.Add(-maxStatementSkew) {
		return fmt.Errorf("earlier than the statement before it: %w", ErrStatement)
	}
	return meaning(r, st)
}

// verify checks the signatures that a statement needs.
func (r *Roster) verify(s envelope.Signed, st Statement) error {
	if st.Kind == KindOrgRotate {
		return r.verifyRotate(s, st)
	}
	return s.VerifyStatement(r.identity)
}

// meanings maps every kind but the first to the function that checks and
// applies its body.
var meanings = map[Kind]func(*Roster, Statement) error{
	KindOrgRotate:          means(applyRotate),
	KindApproverAdmit:      means(applyApproverAdmit),
	KindApproverSet:        means(applyApproverSet),
	KindApproverRekey:      means(applyApproverRekey),
	KindApproverRevoke:     means(applyApproverRevoke),
	KindDeviceAdmit:        means(applyDeviceAdmit),
	KindDeviceRevoke:       means(applyDeviceRevoke),
	KindGroupSet:           means(applyGroupSet),
	KindGroupDelete:        means(applyGroupDelete),
	KindPolicySet:          means(applyPolicySet),
	KindPolicyDelete:       means(applyPolicyDelete),
	KindConsumerAdmit:      means(applyConsumerAdmit),
	KindConsumerSet:        means(applyConsumerSet),
	KindConsumerRevoke:     means(applyConsumerRevoke),
	KindCheckpoint:         means(applyCheckpoint),
	KindReceiptsCheckpoint: means(applyReceiptsCheckpoint),
}

func means[T any](apply func(*Roster, Statement, T) error) func(*Roster, Statement) error {
	return func(r *Roster, st Statement) error {
		body, err := envelope.Decode[T](st.Body)
		if err != nil {
			return err
		}
		return apply(r, st, body)
	}
}

func applyCheckpoint(r *Roster, st Statement, b Checkpoint) error {
	if b.Expires <= st.Time {
		return fmt.Errorf("expires before it was made: %w", ErrStatement)
	}
	r.expires = b.Expires
	return nil
}

// Next signs the statement that extends this log; [Roster.Append] still has to
// take it. Where now is earlier than the log's latest time, that is used: one
// statement by a signer whose clock was ahead must not end the log.
func (r *Roster) Next(kind Kind, body any, now time.Time, signers ...envelope.Signer) (envelope.Signed, error) {
	head := r.Head()
	return signStatement(Statement{Kind: kind, Seq: head.Seq + 1, Prev: head.Hash, Time: max(envelope.At(now), r.last)}, body, signers...)
}

// Organisation returns the organisation id.
func (r *Roster) Organisation() envelope.Hash { return r.organisation }

// Identity returns the Org Identity key in force.
func (r *Roster) Identity() envelope.VerifyKey { return r.identity }

// Head returns the last statement's sequence number and hash.
func (r *Roster) Head() Head {
	seq := len(r.hashes) - 1
	return Head{Seq: uint64(seq), Hash: r.hashes[seq]}
}

// Follows checks that this log extends one whose head was remembered:
// [ErrRolledBack] if it is shorter, [ErrForked] if it is another.
func (r *Roster) Follows(remembered Head) error {
	switch {
	case remembered.Seq >= uint64(len(r.hashes)):
		return fmt.Errorf("statement %d was seen, the log ends at %d: %w", remembered.Seq, len(r.hashes)-1, ErrRolledBack)
	case r.hashes[remembered.Seq] != remembered.Hash:
		return fmt.Errorf("statement %d differs: %w", remembered.Seq, ErrForked)
	}
	return nil
}

// Accepts checks the head that a message carries: [ErrBehind] if its author saw
// statements that are unknown here, [ErrForked] if its author saw others.
func (r *Roster) Accepts(seen Head) error {
	if err := r.Follows(seen); err != nil {
		if seen.Seq >= uint64(len(r.hashes)) {
			return fmt.Errorf("statement %d: %w", seen.Seq, ErrBehind)
		}
		return err
	}
	return nil
}

// Fresh returns [ErrExpired] where the organisation uses checkpoints and the
// last one has expired.
func (r *Roster) Fresh(now time.Time) error {
	if r.expires != 0 && envelope.At(now) >= r.expires {
		return fmt.Errorf("since %s: %w", r.expires.Time().Format(time.RFC3339), ErrExpired)
	}
	return nil
}

// Expires returns when the last checkpoint expires, zero without one.
func (r *Roster) Expires() envelope.Time { return r.expires }
