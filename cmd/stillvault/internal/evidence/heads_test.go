package evidence_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// own is a device's last receipt as it says itself.
func (d *decided) own(p *coretest.Person) evidence.Head {
	l := d.ledgers[p.ID]
	return evidence.Head{ReceiptHead: roster.ReceiptHead{Device: p.Device.ID(), Counter: l.Counter, Receipt: l.Previous}, Own: true}
}

func TestReceiptsThatAreCutOffAreFound(t *testing.T) {
	d := newDecided(t)
	middle := roster.ReceiptHead{Device: d.alice.Device.ID(), Counter: 2, Receipt: d.all[2].Receipt.Hash()}
	other := middle
	other.Receipt = envelope.SumHash([]byte("another"))
	for name, c := range map[string]struct {
		shown []approval.Evidence
		heads []evidence.Head
		want  error
		says  string
	}{
		"all there":                 {d.all, []evidence.Head{d.own(d.alice), d.own(d.bob), {ReceiptHead: middle}}, nil, ""},
		"the last one hidden":       {d.all[:3], []evidence.Head{d.own(d.alice)}, evidence.ErrCutOff, "up to number 3, shown are those up to 2"},
		"below a checkpoint":        {d.all[:2], []evidence.Head{{ReceiptHead: middle}}, evidence.ErrCutOff, "as the organisation signed"},
		"above a checkpoint":        {d.all[:3], []evidence.Head{{ReceiptHead: middle}}, nil, ""},
		"a whole device":            {[]approval.Evidence{d.all[0]}, []evidence.Head{d.own(d.bob)}, evidence.ErrCutOff, "bob's device"},
		"another of the same place": {d.all, []evidence.Head{{ReceiptHead: other}}, approval.ErrReceipts, "another receipt number 2"},
	} {
		report, err := evidence.Verify(d.Fold(0), strings.NewReader(d.file(c.shown)), c.heads)
		d.Must(err)
		switch {
		case c.want == nil && len(report.Problems) == 0:
		case c.want != nil && len(report.Problems) == 1 && errors.Is(report.Problems[0], c.want) && strings.Contains(report.Problems[0].Error(), c.says):
		default:
			t.Errorf("%s: got %v, want %v", name, report.Problems, c.want)
		}
	}
}

func TestAHeadIsReadAsItIsWritten(t *testing.T) {
	d := newDecided(t)
	want := d.own(d.alice)
	text := evidence.FormatHead(want.Device, d.ledgers[d.alice.ID])
	if got, err := evidence.ReadHead(d.Roster, text); err != nil || got != want {
		t.Errorf("%s: %v", text, err)
	}
	for _, wrong := range []string{"", "a:b:c", strings.Replace(text, ":3:", ":0:", 1), strings.Replace(text, ":3:", ":-3:", 1), text[:len(text)-1], text + ":1"} {
		if _, err := evidence.ReadHead(d.Roster, wrong); !errors.Is(err, evidence.ErrHead) {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	if _, err := evidence.ReadHead(d.Roster, fmt.Sprintf("%s:1:%s", envelope.NewID(), envelope.SumHash())); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("a device that nobody knows: %v", err)
	}
}
