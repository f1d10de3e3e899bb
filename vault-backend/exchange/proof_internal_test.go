package exchange

import (
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// Where a dealer lied, no other answer could open the version: the request ends at
// once, and the owner is told who it was.
func TestALyingDealerEndsTheRequestAndIsAccused(t *testing.T) {
	x := New(Config{})
	liar := envelope.NewID()
	r := &request{
		id: envelope.NewID(), path: "prod/db", version: 3, wrapSet: envelope.SumHash([]byte("newest")), who: "entity/carol",
		created: x.now(), deadline: x.now().Add(time.Hour), state: Waiting, done: make(chan struct{}), key: key{who: "entity/carol"},
	}
	x.mu.Lock()
	x.enter(r)
	x.mu.Unlock()
	g := &ruling{vetted: &approval.Vetted{}}
	lied := &secret.DealerError{Approver: liar, Epoch: 1}
	state, err := x.spoilt(t.Context(), r, g, lied)
	if state != Cancelled || !errors.Is(err, secret.ErrDealer) || !errors.Is(r.cause, secret.ErrDealer) {
		t.Fatalf("the request is %s: %v", state, err)
	}
	if o := g.opening; o == nil || o.Accused != liar || o.Epoch != 1 || o.ByHost || o.WrapSet != r.wrapSet || o.Version != 3 {
		t.Fatal("nobody is accused")
	}
	if err := x.Check(); err != nil {
		t.Fatal(err)
	}
	x.Close()
}
