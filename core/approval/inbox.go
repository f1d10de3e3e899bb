package approval

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// MaxInboxWait is how long an inbox call may wait for something to happen.
const MaxInboxWait = 10 * time.Second

// InboxCall is a device's signed question what waits for it. After is the last
// request it was shown, to page through many; Wait is how long, in
// milliseconds, the answer may wait for news.
type InboxCall struct {
	Organisation envelope.Hash  `json:"organisation"`
	Device       envelope.ID    `json:"device"`
	Time         envelope.Time  `json:"time"`
	Nonce        envelope.Bytes `json:"nonce"` // 16 random bytes
	After        envelope.ID    `json:"after"`
	Wait         uint32         `json:"wait"`
	Roster       roster.Head    `json:"roster"`
}

// Inbox is the answer: statements after the call's head, oldest first, items
// oldest first, and whether there are more of either; and, on the last page,
// what became of requests that waited for the device's approver until lately.
// It is sealed to the device, so that a relay learns nothing of paths,
// requesters and people.
type Inbox struct {
	Mount envelope.ID       `json:"mount"`
	Log   []envelope.Signed `json:"log"`
	Items []Item            `json:"items"`
	Ended []Ended           `json:"ended"`
	// Reshares are those that the device's approver may help with, and Alarms what
	// was asked by breaking the glass, whoever was asked; both on the last page.
	Reshares []ReshareNotice `json:"reshares"`
	Alarms   []Alarm         `json:"alarms"`
	More     bool            `json:"more"`
}

// Alarm tells every approver that somebody asked to break the glass, and what the
// people said who may.
type Alarm struct {
	Request   envelope.Signed   `json:"request"`
	Decisions []envelope.Signed `json:"decisions"` // receipts
}

// ReadAlarm verifies an alarm under a roster that may be newer than it is: the
// consumer's request, and the decisions about it.
func ReadAlarm(r *roster.Roster, a Alarm) (*Request, []Receipt, error) {
	q, err := envelope.Peek[Request](a.Request, envelope.TypeRequest)
	if err != nil {
		return nil, nil, fmt.Errorf("alarm: %w", err)
	}
	consumer, err := r.FormerConsumerAt(q.Consumer, q.Roster)
	if err != nil {
		return nil, nil, fmt.Errorf("alarm: %w", err)
	}
	if err := a.Request.Verify(envelope.TypeRequest, consumer.Signing); err != nil {
		return nil, nil, fmt.Errorf("alarm: %w", err)
	}
	policy, err := r.PolicyAt(q.Path, q.Roster)
	if err != nil {
		return nil, nil, fmt.Errorf("alarm: %w", err)
	}
	if q.Organisation != r.Organisation() || !q.BreakGlass || policy.BreakGlass == nil || !slices.Contains(policy.Consumers, q.Consumer) {
		return nil, nil, fmt.Errorf("alarm: %w", ErrRequest)
	}
	if err := q.checkTexts(); err != nil {
		return nil, nil, fmt.Errorf("alarm: %w", err)
	}
	decisions := make([]Receipt, 0, len(a.Decisions))
	for _, s := range a.Decisions {
		rec, err := ReadReceipt(r, s)
		if err != nil {
			return nil, nil, fmt.Errorf("alarm: %w", err)
		}
		if rec.Request != a.Request.Hash() {
			return nil, nil, fmt.Errorf("alarm: a decision is about another request: %w", ErrRelease)
		}
		decisions = append(decisions, *rec)
	}
	return &q, decisions, nil
}

// EndState is how a request ended.
type EndState string

// The ways in which requests end.
const (
	EndApproved   EndState = "approved"
	EndDenied     EndState = "denied"
	EndExpired    EndState = "expired"
	EndCancelled  EndState = "cancelled"
	EndSuperseded EndState = "superseded" // by the same question asked anew
)

// Ended says what became of a request. State is the broker's word; who decided
// is proven by Decisions, the receipts, which their reader verifies.
type Ended struct {
	Request   envelope.Hash     `json:"request"`
	State     EndState          `json:"state"`
	Decisions []envelope.Signed `json:"decisions"`
}

// CallInbox signs an inbox call.
func CallInbox(r *roster.Roster, device envelope.ID, signer envelope.Signer, after envelope.ID, wait time.Duration, now time.Time) (envelope.Signed, error) {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	return envelope.Sign(envelope.TypeInboxCall, InboxCall{
		Organisation: r.Organisation(), Device: device, Time: envelope.At(now), Nonce: nonce,
		After: after, Wait: uint32(max(0, min(wait, MaxInboxWait)).Milliseconds()), Roster: r.Head(),
	}, signer)
}

// ReadInboxCall verifies, for a broker, that a device in force made the call
// within [MaxClockSkew].
func ReadInboxCall(r *roster.Roster, s envelope.Signed, now time.Time) (*InboxCall, *roster.Device, error) {
	call, err := envelope.Peek[InboxCall](s, envelope.TypeInboxCall)
	if err != nil {
		return nil, nil, fmt.Errorf("inbox: %w", err)
	}
	device, err := caller(r, s, deviceCall{call.Organisation, call.Device, call.Time, call.Nonce, call.Roster}, now)
	if err != nil {
		return nil, nil, fmt.Errorf("inbox: %w", err)
	}
	if time.Duration(call.Wait)*time.Millisecond > MaxInboxWait {
		return nil, nil, fmt.Errorf("inbox: wants to wait longer than %s: %w", MaxInboxWait, ErrInbox)
	}
	return &call, device, nil
}

// deviceCall is what every call of a device says beside what it wants.
type deviceCall struct {
	organisation envelope.Hash
	device       envelope.ID
	time         envelope.Time
	nonce        envelope.Bytes
	roster       roster.Head
}

// caller verifies that a device in force made a call of s's type, now.
func caller(r *roster.Roster, s envelope.Signed, c deviceCall, now time.Time) (*roster.Device, error) {
	if c.organisation != r.Organisation() {
		return nil, roster.ErrOrganisation
	}
	device, err := r.Device(c.device)
	if err != nil {
		return nil, err
	}
	if err := s.Verify(s.Type, device.Signing); err != nil {
		return nil, err
	}
	if err := r.Accepts(c.roster); err != nil {
		return nil, err
	}
	if skew := envelope.At(now).Sub(c.time).Abs(); skew > MaxClockSkew || len(c.nonce) != nonceSize {
		return nil, fmt.Errorf("made at another time, the clocks differ by %s: %w", skew.Round(time.Second), ErrInbox)
	}
	return device, nil
}

// SealInbox seals the answer to a call to the device that made it.
func SealInbox(d *roster.Device, mount envelope.ID, call envelope.Signed, in Inbox) (envelope.Envelope, error) {
	in.Mount = mount
	in.Ended = append([]Ended{}, in.Ended...)
	in.Reshares, in.Alarms = append([]ReshareNotice{}, in.Reshares...), append([]Alarm{}, in.Alarms...)
	encoded, err := envelope.Encode(in)
	if err != nil {
		return envelope.Envelope{}, err
	}
	return envelope.SealTo(d.KEM, inboxContext(d.Organisation, mount, d.Device, call), encoded)
}

// OpenInbox opens the answer to the device's own call, and to no other: the
// call's hash is in the context, so that an earlier answer cannot stand in for
// this one. mount is the one that the device enrolled at.
func OpenInbox(r *roster.Roster, d *keyring.Device, mount envelope.ID, call envelope.Signed, sealed envelope.Envelope) (*Inbox, error) {
	opened, err := d.Open(inboxContext(r.Organisation(), mount, d.ID(), call), sealed)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	in, err := envelope.Decode[Inbox](opened)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	if in.Mount != mount {
		return nil, fmt.Errorf("inbox: %w", ErrInbox)
	}
	return &in, nil
}

func inboxContext(organisation envelope.Hash, mount, device envelope.ID, call envelope.Signed) envelope.Context {
	return envelope.Context{Purpose: envelope.PurposeInbox, Organisation: organisation, Mount: mount, Recipient: device, Request: call.Hash()}
}
