package evidence

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Line is what a line of evidence proves, in words and for scripts. Requester
// is what the consumer said of who asked; Reported says that a mount said it.
type Line struct {
	Line      int               `json:"line"`
	Time      time.Time         `json:"time"`
	Decision  approval.Decision `json:"decision"`
	Approver  string            `json:"approver"`
	Device    string            `json:"device"`
	Path      string            `json:"path"`
	Version   uint64            `json:"version"`
	Consumer  string            `json:"consumer"`
	Requester string            `json:"requester"`
	Entity    string            `json:"entity"`
	Host      string            `json:"host"`
	Reported  bool              `json:"reported"`
	Policy    string            `json:"policy"`
	Lease     uint32            `json:"lease"` // seconds
	Why       string            `json:"request_reason"`
	Reason    string            `json:"reason"` // of a denial
	Late      bool              `json:"late"`   // decided after the deadline: it opened nothing
	Report    bool              `json:"report"` // a denial that says that the request was not right
	Break     bool              `json:"break_glass"`
	Reshared  []Reshared        `json:"reshared"` // what was dealt anew, of a re-share
	Request   envelope.ID       `json:"request_id"`
	Counter   uint64            `json:"counter"`
}

// Reshared is a version whose shares an approver dealt anew.
type Reshared struct {
	Path    string `json:"path"`
	Version uint64 `json:"version"`
}

// Describe says what a proven line proves.
func (p Proven) Describe() Line {
	rec, q := p.Finding.Receipt, p.Finding.Request
	l := Line{
		Line: p.Line, Time: rec.Time.Time(), Decision: rec.Decision, Approver: p.Finding.Approver.Name,
		Device: p.Finding.Device.Name, Path: q.Path, Version: q.Version, Consumer: p.Finding.Consumer.Name,
		Requester: q.Origin.Requester, Entity: q.Origin.Entity, Host: q.Origin.Host, Reported: q.Origin.Reported,
		Lease: rec.Lease, Why: q.Reason, Reason: rec.Reason, Report: rec.Report, Break: q.BreakGlass,
		Reshared: []Reshared{}, Request: rec.RequestID, Counter: rec.Counter,
	}
	for _, d := range p.Finding.Reshared {
		l.Reshared = append(l.Reshared, Reshared{d.Path, d.Version})
	}
	l.Late = p.Finding.Reshare == nil && rec.Time >= q.Deadline
	if p.Policy != nil {
		l.Policy = p.Policy.Name
	}
	return l
}

var past = map[approval.Decision]string{
	approval.Approve: "released", approval.Deny: "denied", approval.Consent: "consented to",
}

// String is the line as a sentence.
func (l Line) String() string {
	if l.Decision == approval.Reshare {
		return l.reshare()
	}
	text := fmt.Sprintf("%s  %s (%s) %s %s version %d to consumer %s", l.Time.Format(time.RFC3339), l.Approver, l.Device, past[l.Decision], l.Path, l.Version, l.Consumer)
	if l.Requester != "" {
		text += ", asked for by " + l.Requester
		if l.Reported {
			text += " (reported by Vault)"
		}
	}
	if l.Policy != "" {
		text += ", under policy " + l.Policy
	}
	if l.Break {
		text += ", BY BREAKING THE GLASS"
	}
	if l.Lease > 0 {
		text += fmt.Sprintf(", for %s", time.Duration(l.Lease)*time.Second)
	}
	if l.Why != "" {
		text += fmt.Sprintf(", because %q", l.Why)
	}
	if l.Reason != "" {
		text += fmt.Sprintf(", saying %q", l.Reason)
	}
	if l.Report {
		text += ", and reporting it"
	}
	if l.Late {
		text += ", after the deadline: it opened nothing"
	}
	return text
}

// namedReshares is how many versions of a re-share are named in a sentence; as JSON,
// all are.
const namedReshares = 5

func (l Line) reshare() string {
	var named []string
	for _, d := range l.Reshared[:min(namedReshares, len(l.Reshared))] {
		named = append(named, fmt.Sprintf("%s version %d", d.Path, d.Version))
	}
	text := fmt.Sprintf("%s  %s (%s) re-shared %s", l.Time.Format(time.RFC3339), l.Approver, l.Device, strings.Join(named, ", "))
	if more := len(l.Reshared) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if l.Policy != "" {
		text += ", for the people of policy " + l.Policy
	}
	return text
}

// Print writes a report for people.
func (report *Report) Print(w io.Writer) error {
	for _, p := range report.Proven {
		if _, err := fmt.Fprintln(w, terminal.Visible(p.Describe().String())); err != nil {
			return err
		}
	}
	for _, d := range report.Devices {
		if _, err := fmt.Fprintf(w, "%s (%s): receipts 1 to %d, none missing in between; %s\n", d.Approver, d.Name, d.Receipts, d.end()); err != nil {
			return err
		}
	}
	return nil
}

// end says what is known of the end of a device's receipts.
func (d Device) end() string {
	switch {
	case d.Own >= d.Receipts:
		return "nor at the end, as the device itself says"
	case d.Checkpointed >= d.Receipts:
		return "nor up to the organisation's last checkpoint; whether there are more since, the device itself shows"
	case d.Checkpointed > 0:
		return fmt.Sprintf("the organisation's last checkpoint was at %d; whether there are more, the device itself shows", d.Checkpointed)
	}
	return "the device itself shows whether there are more"
}

// View is a report for scripts.
type View struct {
	Lines    []Line        `json:"lines"`
	Devices  []DeviceView  `json:"devices"`
	Problems []ProblemView `json:"problems"`
}

// DeviceView is a [Device] for scripts.
type DeviceView struct {
	ID       envelope.ID `json:"device_id"`
	Name     string      `json:"device"`
	Approver string      `json:"approver"`
	Receipts uint64      `json:"receipts"`

	Checkpointed uint64 `json:"checkpointed"`
	Own          uint64 `json:"device_head"`
}

// ProblemView is a [Problem] for scripts.
type ProblemView struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// View returns a report for scripts.
func (report *Report) View() View {
	v := View{Lines: []Line{}, Devices: []DeviceView{}, Problems: []ProblemView{}}
	for _, p := range report.Proven {
		v.Lines = append(v.Lines, p.Describe())
	}
	for _, d := range report.Devices {
		v.Devices = append(v.Devices, DeviceView{d.ID, d.Name, d.Approver, d.Receipts, d.Checkpointed, d.Own})
	}
	for _, p := range report.Problems {
		v.Problems = append(v.Problems, ProblemView{p.Line, p.Err.Error()})
	}
	return v
}
