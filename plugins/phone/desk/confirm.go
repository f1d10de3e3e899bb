package desk

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Confirmed is what the organisation has to be told. Message, Token and Enrolment
// answer a ticket, at enroll/<enrolment>/answer; Certificate is for
// device/propose where the keyring was handed over or restored.
type Confirmed struct {
	Keep
	Stage       string   `json:"stage"`
	Message     string   `json:"message,omitempty"`
	Token       string   `json:"token,omitempty"`
	Enrolment   string   `json:"enrolment,omitempty"`
	Certificate string   `json:"certificate,omitempty"`
	Fingerprint []string `json:"fingerprint"`
	// Kit and KitTokenHash are posted along.
	Kit          string `json:"kit"`
	KitTokenHash string `json:"kitTokenHash"`
}

// confirm stores what was wrapped: the person keeps their recovery key. The link's
// secret is forgotten; what was made with it is all that may have to be sent again.
func (d *Desk) confirm(none) (*Confirmed, error) {
	if d.me != nil {
		return nil, ErrEnrolled
	}
	if d.bundle == nil {
		return nil, fmt.Errorf("password and recovery key: %w", ErrOrder)
	}
	r := d.bundle.record
	kem, signing := d.bundle.keys.Seeds()
	r.KEMSeed, r.SigningSeed = storedSeed(kem), storedSeed(signing)
	me, err := r.load()
	if err != nil {
		return nil, err
	}
	if err := d.store(r); err != nil {
		me.keys.Wipe()
		return nil, err
	}
	d.kept.drop(keyLink)
	d.kept.drop(keyDraft)
	d.forgetInvite()
	d.me = me
	p := me.Post
	return &Confirmed{
		Stage: d.stage(), Message: p.Message, Token: p.Token, Enrolment: p.Enrolment, Certificate: p.Certificate,
		Fingerprint: spelt(r.Fingerprint), Kit: p.Kit, KitTokenHash: p.KitTokenHash,
	}, nil
}

type admittedArgs struct {
	Init  string `json:"init"`
	State string `json:"state"`
}

// admitted takes what the broker says of the enrolment: its state, by which
// nothing is decided but whether the answer has to be posted again, and the
// organisation's first statement, which is the one that was pinned or nothing.
func (d *Desk) admitted(a admittedArgs) (*Stage, error) {
	if d.me == nil {
		return nil, ErrNotEnrolled
	}
	if a.Init != "" {
		if err := d.pin(a.Init); err != nil {
			return nil, err
		}
	}
	next := d.me.record
	welcome := a.State == "admitted"
	if p := next.Post; p != nil && (welcome || a.State == "answered") && p.Token != "" {
		next.Post = &post{Kind: p.Kind, Enrolment: p.Enrolment}
	}
	next.Welcome = next.Welcome || welcome
	if next.Post == d.me.Post && next.Welcome == d.me.Welcome {
		return &Stage{Stage: d.stage()}, nil
	}
	if err := d.store(next); err != nil {
		return nil, err
	}
	d.me.record = next
	return &Stage{Stage: d.stage()}, nil
}

// pin takes the organisation's first statement.
func (d *Desk) pin(text string) error {
	first, err := envelope.Decode[envelope.Signed]([]byte(text))
	if err != nil {
		return fmt.Errorf("the organisation's first statement: %w", err)
	}
	if first.Hash() != d.me.Organisation {
		return fmt.Errorf("the organisation's first statement: %w", roster.ErrOrganisation)
	}
	if d.roster != nil {
		return nil
	}
	r, err := roster.Fold(d.me.Organisation, []envelope.Signed{first})
	if err != nil {
		return err
	}
	if err := putAs(&d.kept, numbered(keyLog, 0), first); err != nil {
		return err
	}
	d.roster = r
	d.note(first)
	return nil
}

// Words are a fingerprint.
type Words struct {
	Words []string `json:"words"`
}

// fingerprint returns the words that the person reads out to be admitted.
func (d *Desk) fingerprint(none) (*Words, error) {
	if d.me == nil {
		return nil, ErrNotEnrolled
	}
	return &Words{spelt(d.me.Fingerprint)}, nil
}
