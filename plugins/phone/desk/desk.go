package desk

import (
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// Desk is an approver's phone at work. It is used by one caller at a time, and
// wiped with [Desk.Wipe].
type Desk struct {
	clock func() time.Time
	now   time.Time // of the operation under way
	kept  kept

	me       *identity        // nil until an enrolment is confirmed
	invite   *invite          // what an enrolment begins with
	draft    *draft           // its passkey
	bundle   *bundle          // what was wrapped and is not confirmed
	keyring  *keyring.Keyring // handed over or restored, until an enrolment of it is confirmed
	gestures gestures
	giving   *giving  // a handover from here, or nil
	dealing  *dealing // a re-share that goes on, or nil

	roster     *roster.Roster                // nil until the organisation's first statement is here
	hashes     []envelope.Hash               // of the log's statements
	admissions map[envelope.ID]envelope.Time // of devices

	ledger  approval.Ledger
	listing listing
}

// New returns a desk that nothing is known at. Its clock is used where an
// operation does not say when it is; nil is the system's.
func New(clock func() time.Time) *Desk {
	if clock == nil {
		clock = time.Now
	}
	d := &Desk{clock: clock}
	d.reset(nil)
	return d
}

// Wipe overwrites every key that the desk holds.
func (d *Desk) Wipe() { d.reset(nil) }

// reset forgets everything but what is stored.
func (d *Desk) reset(entries map[string]string) {
	if d.me != nil {
		d.me.keys.Wipe()
	}
	d.giving.wipe()
	d.stopDealing()
	d.forgetInvite()
	copied := make(map[string]string, len(entries))
	for key, text := range entries {
		copied[key] = text
	}
	*d = Desk{clock: d.clock, now: d.now, kept: kept{entries: copied}, listing: newListing()}
}

// forgetInvite wipes what an enrolment held.
func (d *Desk) forgetInvite() {
	d.invite.wipe()
	d.bundle.wipe()
	d.keyring.Wipe()
	d.invite, d.draft, d.bundle, d.keyring = nil, nil, nil, nil
}

type openArgs struct {
	Kept map[string]string `json:"kept"`
}

// open takes up what is stored; whatever the desk knew otherwise is forgotten.
func (d *Desk) open(a openArgs) (*State, error) {
	d.reset(a.Kept)
	for _, load := range []func() error{d.openDevice, d.openInvite, d.openLog, d.openLedger} {
		if err := load(); err != nil {
			return nil, err
		}
	}
	return d.state()
}

func (d *Desk) openDevice() error {
	r, found, err := getAs[record](&d.kept, keyDevice)
	if err != nil || !found {
		return err
	}
	d.me, err = r.load()
	return err
}

func (d *Desk) openInvite() error {
	if d.me != nil {
		return nil
	}
	stored, found, err := getAs[storedLink](&d.kept, keyLink)
	if err != nil || !found {
		return err
	}
	if d.invite, err = readInvite(stored.Fragment); err != nil {
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
	draft, found, err := getAs[draft](&d.kept, keyDraft)
	if err != nil || !found {
		return err
	}
	d.draft = &draft
	return nil
}

// openLog folds the log that is stored.
func (d *Desk) openLog() error {
	if d.me == nil {
		return nil
	}
	var log []envelope.Signed
	for i, key := range d.kept.below(keyLog) {
		n, err := number(keyLog, key)
		if err != nil {
			return err
		}
		if n != uint64(i) {
			return fmt.Errorf("entry %q: those before it are missing: %w", key, ErrKept)
		}
		s, _, err := getAs[envelope.Signed](&d.kept, key)
		if err != nil {
			return err
		}
		log = append(log, s)
	}
	if len(log) == 0 {
		return nil
	}
	r, err := roster.Fold(d.me.Organisation, log)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
	d.roster = r
	for _, s := range log {
		d.note(s)
	}
	return nil
}

func (d *Desk) openLedger() error {
	l, _, err := getAs[approval.Ledger](&d.kept, keyLedger)
	d.ledger = l
	return err
}
