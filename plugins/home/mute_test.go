package home_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/home"
)

func TestMutesCoverWhomTheyNameUntilTheyEnd(t *testing.T) {
	h, err := home.Open(t.TempDir())
	must(t, err)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ci := envelope.NewID()
	for _, m := range []home.Mute{
		{Requester: "entity-carol", Until: envelope.At(now.Add(time.Hour))},
		{Requester: "userpass-erin", Until: envelope.At(now.Add(time.Hour))},
		{Consumer: ci, Until: envelope.At(now.Add(time.Minute))},
	} {
		must(t, h.Mute("alice", m, now))
	}
	for name, c := range map[string]struct {
		request approval.Request
		at      time.Time
		want    bool
	}{
		"by entity":          {approval.Request{Origin: approval.Origin{Entity: "entity-carol", Requester: "carol"}}, now, true},
		"by name":            {approval.Request{Origin: approval.Origin{Requester: "userpass-erin"}}, now, true},
		"by consumer":        {approval.Request{Consumer: ci}, now, true},
		"somebody else":      {approval.Request{Origin: approval.Origin{Entity: "entity-dora"}}, now, false},
		"nobody named":       {approval.Request{}, now, false},
		"when it is over":    {approval.Request{Consumer: ci}, now.Add(time.Minute), false},
		"longer for another": {approval.Request{Origin: approval.Origin{Entity: "entity-carol"}}, now.Add(30 * time.Minute), true},
	} {
		all, err := h.Mutes("alice", c.at)
		must(t, err)
		if got := all.Cover(&c.request, c.at); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
	other, err := h.Mutes("bob", now)
	must(t, err)
	if len(other) != 0 {
		t.Error("one approver's mutes are not another's")
	}
}

func TestAMuteIsReplacedAndEnded(t *testing.T) {
	h, err := home.Open(t.TempDir())
	must(t, err)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	carol := home.Mute{Requester: "carol", Until: envelope.At(now.Add(time.Hour))}
	must(t, h.Mute("alice", carol, now))
	carol.Until = envelope.At(now.Add(2 * time.Hour))
	must(t, h.Mute("alice", carol, now))
	all, err := h.Mutes("alice", now)
	must(t, err)
	if len(all) != 1 || all[0].Until != carol.Until {
		t.Fatalf("%d mutes, until %s", len(all), all[0].Until.Time())
	}
	for _, want := range []bool{true, false} {
		found, err := h.Unmute("alice", home.Mute{Requester: "carol"}, now)
		must(t, err)
		if found != want {
			t.Errorf("unmuted: %t, want %t", found, want)
		}
	}
}
