package desk

import (
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

type callArgs struct {
	After string `json:"after"` // a request's id; empty begins
	Wait  int64  `json:"wait"`  // for news, in milliseconds
}

// Call is a signed call for the broker.
type Call struct {
	Call string `json:"call"`
}

// call asks what waits. A listing begins with an empty after and goes on, while
// there is more, with what [Received] says; a call after the last request that
// may wait only waits for news, and the next listing shows them.
func (d *Desk) call(a callArgs) (*Call, error) {
	if err := d.connected(); err != nil {
		return nil, err
	}
	var after envelope.ID
	if a.After != "" {
		var err error
		if after, err = envelope.ParseID(a.After); err != nil {
			return nil, fmt.Errorf("after: %w", ErrArguments)
		}
	}
	signer := d.me.keys.Signer()
	defer signer.Wipe()
	call, err := approval.CallInbox(d.roster, d.me.Device, signer, after, time.Duration(a.Wait)*time.Millisecond, d.now)
	if err != nil {
		return nil, err
	}
	text, err := encoded(call)
	return &Call{text}, err
}

// connected says whether there is a device, and a log that it can name.
func (d *Desk) connected() error {
	switch {
	case d.me == nil:
		return ErrNotEnrolled
	case d.roster == nil:
		return ErrNotAdmitted
	}
	return nil
}

type receiveArgs struct {
	Call   string `json:"call"`
	Sealed string `json:"sealed"`
}

// Received is what the desk knows after an answer of the broker.
type Received struct {
	Keep
	Stage    string      `json:"stage"`
	More     bool        `json:"more"`   // call again, after After, without waiting
	After    string      `json:"after"`  // the last request listed
	Listed   bool        `json:"listed"` // the listing is complete
	Requests []Card      `json:"requests"`
	Refused  []Refused   `json:"refused"`
	Ended    []Ended     `json:"ended"` // lately, newest last
	Log      roster.Head `json:"log"`
	Alarm    *Problem    `json:"alarm"`
	Mutes    []Muted     `json:"mutes"`
	History  bool        `json:"history"` // it says more than before
	Reshares []Reshare   `json:"reshares"`
	Alarms   []Alarm     `json:"alarms"` // that the glass was broken
}

// receive takes the answer to a call.
func (d *Desk) receive(a receiveArgs) (*Received, error) {
	if err := d.connected(); err != nil {
		return nil, err
	}
	call, err := envelope.Decode[envelope.Signed]([]byte(a.Call))
	if err != nil {
		return nil, fmt.Errorf("call: %w", ErrArguments)
	}
	asked, err := envelope.Peek[approval.InboxCall](call, envelope.TypeInboxCall)
	if err != nil {
		return nil, fmt.Errorf("call: %w", ErrArguments)
	}
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(a.Sealed))
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	in, err := approval.OpenInbox(d.roster, d.me.keys, d.me.Mount, call, sealed)
	if err != nil {
		return nil, err
	}
	if err := d.extend(in.Log); err != nil {
		return nil, err
	}
	if err := d.settle(); err != nil {
		return nil, err
	}
	d.notice(in)
	news, err := d.aftermath(in.Ended)
	if err != nil {
		return nil, err
	}
	if err := d.alarmed(in.Alarms); err != nil {
		return nil, err
	}
	complete, err := d.listing.page(asked.After, in)
	if err != nil {
		return nil, err
	}
	if complete {
		d.reconcile()
		d.reshares(in.Reshares)
	}
	d.expire()
	r := d.received(complete)
	r.History = news
	return r, nil
}

func (d *Desk) received(complete bool) *Received {
	l, mutes := &d.listing, d.mutes()
	r := &Received{
		Stage: d.stage(), More: l.more, Listed: complete, Log: d.roster.Head(), Alarm: ProblemOf(d.alarm()),
		Requests: d.cards(mutes), Refused: append(append([]Refused{}, l.refused...), l.misfits...), Ended: append([]Ended{}, l.ended...),
		Mutes: shownMutes(mutes), Reshares: d.reshareCards(), Alarms: d.alarms(),
	}
	if !l.after.IsZero() {
		r.After = l.after.String()
	}
	return r
}

// extend appends statements to the log. Those that are here already are compared:
// two calls may have been answered with the same ones. What is here stays here,
// whatever the broker shows.
func (d *Desk) extend(statements []envelope.Signed) error {
	for _, s := range statements {
		st, err := envelope.Peek[roster.Statement](s, envelope.TypeStatement)
		if err != nil {
			return fmt.Errorf("the organisation's log: %w", err)
		}
		head := d.roster.Head()
		if st.Seq <= head.Seq {
			if d.hashes[st.Seq] != s.Hash() {
				return fmt.Errorf("statement %d: %w", st.Seq, roster.ErrForked)
			}
			continue
		}
		if st.Seq == head.Seq+1 && st.Prev != head.Hash {
			return fmt.Errorf("statement %d: %w", st.Seq, roster.ErrForked)
		}
		if err := d.roster.Append(s); err != nil {
			return fmt.Errorf("the organisation's log as the broker shows it: %w", err)
		}
		d.note(s)
		if err := putAs(&d.kept, numbered(keyLog, st.Seq), s); err != nil {
			return err
		}
	}
	return nil
}

// note remembers of a statement in the log what the roster does not say.
func (d *Desk) note(s envelope.Signed) {
	d.hashes = append(d.hashes, s.Hash())
	st, err := envelope.Peek[roster.Statement](s, envelope.TypeStatement)
	if err != nil || st.Kind != roster.KindDeviceAdmit {
		return
	}
	if device, found := admittedDevice(st); found {
		if d.admissions == nil {
			d.admissions = map[envelope.ID]envelope.Time{}
		}
		d.admissions[device] = st.Time
	}
}

// settle notes that the organisation has this device, once it has. From then on
// nothing has to be posted any more.
func (d *Desk) settle() error {
	err := d.standing()
	if d.me.Ready || errors.Is(err, ErrNotAdmitted) {
		return nil
	}
	if err != nil {
		return nil // an alarm, not a failure of the call
	}
	next := d.me.record
	next.Ready, next.Post = true, nil
	if err := d.store(next); err != nil {
		return err
	}
	d.me.record = next
	return nil
}

type failedArgs struct {
	Status int    `json:"status"` // 0 where nobody answered
	Text   string `json:"text"`   // what the broker says, several reasons joined by "; "
}

// Failure is what a refused or unanswered call means.
type Failure struct {
	// Retry says that the same call may succeed later: the network, a restart, a
	// clock that was asleep.
	Retry bool    `json:"retry"`
	Error Problem `json:"error"`
}

// Statuses of HTTP that pass by themselves, besides those from 500 on.
var passing = map[int]bool{0: true, 408: true, 412: true, 422: true, 423: true, 425: true, 429: true}

// failed says what a call's failure means. A broker that finds this device ahead
// of it has a shorter log than was seen here before: it was rolled back.
func (d *Desk) failed(a failedArgs) (*Failure, error) {
	name := nameIn(a.Text)
	switch name {
	case Name(roster.ErrBehind):
		return &Failure{Error: *ProblemOf(fmt.Errorf("the broker: %w", roster.ErrRolledBack))}, nil
	case Name(approval.ErrInbox):
		return &Failure{Retry: true, Error: *ProblemOf(fmt.Errorf("the broker: %w", approval.ErrInbox))}, nil
	}
	text := "the broker answered " + fmt.Sprint(a.Status)
	if a.Status == 0 {
		text = "the broker does not answer"
	}
	if a.Text != "" && len(a.Text) <= approval.MaxReason && roster.Printable(a.Text) {
		text = a.Text
	}
	retry := a.Status >= 500 || passing[a.Status]
	if name == "" {
		name = Name(ErrRefused)
		if retry {
			name = "broker_unreachable"
		}
	}
	return &Failure{Retry: retry, Error: Problem{Name: name, Text: text}}, nil
}
