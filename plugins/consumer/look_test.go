package consumer_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
)

func TestALookVerifiesAndRemembersWithoutAsking(t *testing.T) {
	s := newStage(t)
	s.put(`{"n":1}`)
	s.put(`{"n":2}`)
	s.store.answer = func(approval.Item) []approval.Release {
		t.Error("somebody was asked")
		return nil
	}
	delete(s.memory, path)
	v, err := s.host.Look(t.Context(), path)
	s.Must(err)
	if v.Header.Version != 2 || s.memory[path].Version != 2 {
		t.Fatalf("version %d, remembered %d", v.Header.Version, s.memory[path].Version)
	}
	s.store.show = func(b *broker.Sealed) { b.Version, b.Chain = s.store.versions[0], nil }
	if _, err := s.host.Look(t.Context(), path); !errors.Is(err, secret.ErrRolledBack) {
		t.Fatalf("got %v", err)
	}
}

func TestAVersionThatIsTooOldIsNotAskedFor(t *testing.T) {
	s := newStage(t)
	s.put(value)
	ask := s.ask()
	ask.AtLeast = 2
	ask.Asked = func(consumer.Request) { t.Error("somebody was asked") }
	if _, err := s.host.Get(t.Context(), ask); !errors.Is(err, consumer.ErrOlder) {
		t.Fatalf("got %v", err)
	}
	s.put(value)
	ask.Asked = nil
	got, err := s.host.Get(t.Context(), ask)
	s.Must(err)
	got.Value.Wipe()
}
