package exchange

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

func TestCallLogRemembersForFourMinutesAndCapsADevice(t *testing.T) {
	l, stolen, other := newCallLog(), envelope.NewID(), envelope.NewID()
	hash := func(i int) envelope.Hash { return envelope.SumHash([]byte{byte(i), byte(i >> 8)}) }
	var now envelope.Time = 1000
	for i := range maxCalls {
		if err := l.note(hash(i), stolen, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.note(hash(maxCalls), stolen, now); !errors.Is(err, ErrInboxCap) {
		t.Fatalf("got %v", err)
	}
	if err := l.note(hash(maxCalls), other, now); err != nil {
		t.Fatal(err)
	}
	last := now.Add(callWindow) - 1
	if err := l.note(hash(0), other, last); !errors.Is(err, ErrInboxReplayed) {
		t.Fatalf("got %v", err)
	}
	if err := l.note(hash(0), stolen, last+1); err != nil {
		t.Fatal(err)
	}
	if len(l.seen) != 1 || len(l.queue) != 1 || len(l.devices) != 1 {
		t.Fatalf("%d calls and %d devices are remembered", len(l.seen), len(l.devices))
	}
}
