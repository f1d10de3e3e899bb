package desk

import (
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// The stages of a device.
const (
	StageEmpty   = "empty"   // nothing is known
	StageLinked  = "linked"  // a link was read
	StageMade    = "made"    // the passkey was made
	StageWaiting = "waiting" // confirmed, and not admitted
	StageReady   = "ready"   // admitted: as the broker says, or proven by the log
)

// State is what a desk is at, as the page shows it.
type State struct {
	Stage             string            `json:"stage"`
	Name              string            `json:"name"` // of the approver
	Organisation      string            `json:"organisation"`
	OrganisationWords string            `json:"organisationWords"`
	Approver          string            `json:"approver"`
	Device            string            `json:"device"`
	DeviceName        string            `json:"deviceName"`
	Mount             string            `json:"mount"`
	Base              string            `json:"base"`
	RPID              string            `json:"rpId"`
	CredentialID      string            `json:"credentialId"`
	Factors           []string          `json:"factors"`
	Fingerprint       []string          `json:"fingerprint"`
	Link              *Link             `json:"link"` // at the stages linked and made
	Post              *Post             `json:"post"` // at the stage waiting: what to post, or to ask about
	Alarm             *Problem          `json:"alarm"`
	Log               *roster.Head      `json:"log"`
	Unsent            int               `json:"unsent"`
	Checked           map[string]string `json:"checked"`
}

// Post is what the broker has to be shown so that the organisation learns of this
// device. Token and Message are empty once it has taken them: from then on the
// enrolment's status is asked.
type Post struct {
	Kind        string `json:"kind"` // enroll or propose
	Enrolment   string `json:"enrolment"`
	Token       string `json:"token"`
	Message     string `json:"message"`
	Certificate string `json:"certificate"`
	// Kit and KitTokenHash are posted along.
	Kit          string `json:"kit"`
	KitTokenHash string `json:"kitTokenHash"`
}

// Problem is an error as the page shows it.
type Problem struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// ProblemOf returns an error as the page shows it, nil for none.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	return &Problem{Name: Name(err), Text: Text(err)}
}

func (d *Desk) stage() string {
	switch {
	case d.me != nil && (d.me.Ready || d.me.Welcome && d.roster != nil):
		return StageReady
	case d.me != nil:
		return StageWaiting
	case d.draft != nil && d.draft.Credential != "":
		return StageMade
	case d.invite != nil:
		return StageLinked
	}
	return StageEmpty
}

func (d *Desk) state() (*State, error) {
	s := &State{Stage: d.stage(), Factors: []string{}, Fingerprint: []string{}, Unsent: len(d.kept.below(keyUnsent))}
	if d.invite != nil {
		s.Link = d.invite.shown()
		s.Name, s.Organisation, s.OrganisationWords = s.Link.Name, s.Link.Organisation, s.Link.OrganisationWords
		s.Approver, s.Mount, s.Base = d.invite.Approver.String(), s.Link.Mount, s.Link.Base
	}
	if d.draft != nil {
		s.DeviceName, s.Device, s.RPID, s.CredentialID = d.draft.Name, d.draft.Device.String(), d.draft.RPID, d.draft.Credential
	}
	if d.me == nil {
		return s, nil
	}
	m := d.me
	s.Name, s.Organisation, s.OrganisationWords = m.Name, m.Organisation.String(), organisationWords(m.Organisation)
	s.Approver, s.Device, s.DeviceName = m.Approver.String(), m.Device.String(), m.DeviceName
	s.Mount, s.Base, s.RPID, s.CredentialID = m.Mount.String(), m.Base, m.RPID, m.Credential
	s.Fingerprint = spelt(m.Fingerprint)
	if m.Post != nil {
		p := Post(*m.Post)
		s.Post = &p
	}
	if d.roster != nil {
		head := d.roster.Head()
		s.Log = &head
		s.Factors = d.factors()
	}
	s.Alarm = ProblemOf(d.alarm())
	checked, _, err := getAs[checked](&d.kept, keyChecked)
	s.Checked = checked.shown()
	return s, err
}

// factors are the kinds of what opens the keyring, as the roster knows them.
func (d *Desk) factors() []string {
	factors := []string{}
	if a, err := d.roster.Approver(d.me.Approver); err == nil {
		for _, f := range a.Factors {
			factors = append(factors, string(f))
		}
	}
	slices.Sort(factors)
	return factors
}

// standing says whether the organisation has this device and its keyring, and if
// not, why. A device that nobody admitted yet is [ErrNotAdmitted].
func (d *Desk) standing() error {
	if d.me == nil {
		return ErrNotEnrolled
	}
	if d.roster == nil {
		return ErrNotAdmitted
	}
	a, err := d.roster.Approver(d.me.Approver)
	switch {
	case errors.Is(err, roster.ErrRevoked):
		return fmt.Errorf("approver %s: %w", d.me.Name, ErrApproverRevoked)
	case err != nil:
		return fmt.Errorf("approver %s: %w", d.me.Name, ErrNotAdmitted)
	}
	if err := a.Holds(d.me.Public); err != nil {
		return err
	}
	device, err := d.roster.Device(d.me.Device)
	switch {
	case errors.Is(err, roster.ErrRevoked):
		return fmt.Errorf("device %s: %w", d.me.DeviceName, ErrDeviceRevoked)
	case err != nil:
		return fmt.Errorf("device %s: %w", d.me.DeviceName, ErrNotAdmitted)
	case device.Approver != a.ID || device.Generation != a.Generation:
		return fmt.Errorf("device %s: %w", d.me.DeviceName, ErrDeviceRevoked)
	}
	return nil
}

// alarm is what the person must be told about this device whatever they do. That
// nobody admitted it yet is none, unless somebody had, or the broker says so and
// the whole log does not.
func (d *Desk) alarm() error {
	if d.overtaken() {
		return ErrOvertaken
	}
	err := d.standing()
	if errors.Is(err, ErrNotAdmitted) && !d.me.Ready && !d.listing.complete {
		return nil
	}
	return err
}

// organisationWords are 128 bits of an organisation's id, which is a hash, as
// words that people can compare.
func organisationWords(organisation envelope.Hash) string {
	return roster.Words(organisation[:2*roster.FingerprintWords])
}
