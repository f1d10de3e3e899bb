package desk_test

import (
	"testing"

	"github.com/stillvault/stillvault/plugins/phone/desk"
)

func TestAnEnrolmentThatNobodyAdmittedCanBeGivenUp(t *testing.T) {
	cases := []struct {
		name            string
		confirmed, link bool
		stage           string
	}{
		{"a passkey, for the same link", false, true, desk.StageLinked},
		{"a passkey, and the link", false, false, desk.StageEmpty},
		{"what waits", true, true, desk.StageEmpty},
	}
	for _, c := range thinned(cases, 2) {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			p := newPhone(t, o)
			text, err := o.invite("alice").Reveal()
			p.must(err)
			p.do("readLink", args{"fragment": text}, nil, nil)
			p.must(p.makePasskey())
			_, err = p.wrap()
			p.must(err)
			if c.confirmed {
				p.do("confirm", nil, nil, nil)
			}
			var got desk.Stage
			p.do("abandon", args{"link": c.link}, nil, &got)
			if s := p.reload(); got.Stage != c.stage || s.Stage != c.stage || s.DeviceName != "" {
				t.Fatalf("at %s, after a reload at %s, with device %q", got.Stage, s.Stage, s.DeviceName)
			}
			p.do("readLink", args{"fragment": text}, nil, nil)
		})
	}
}

func TestAnAdmittedDeviceIsNotGivenUp(t *testing.T) {
	_, p := ready(t, nil)
	p.refused("already_enrolled", "abandon", nil, nil)
}
