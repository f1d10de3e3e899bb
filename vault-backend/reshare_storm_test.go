package backend

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/roster"
)

func TestEverybodyMayDealAtTheSameTime(t *testing.T) {
	const secrets = 20
	s := newTeam(t, 2, "carol", "dave", "erin")
	for i := range secrets {
		s.do(update, fmt.Sprintf("secret/team/s%02d", i), map[string]any{"k": "v"})
	}
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	var calls []*logical.Request
	for _, name := range []string{"carol", "dave", "erin"} {
		a := s.answerOf(name)
		for range 2 { // Vault may send a request twice
			calls = append(calls, s.sendDeals(a))
		}
	}
	for i := range secrets {
		calls = append(calls,
			s.request(read, "status", nil), s.request(read, "reshares/team", nil),
			s.request(read, fmt.Sprintf("metadata/team/s%02d", i), nil))
	}
	var all sync.WaitGroup
	failed := make(chan error, len(calls))
	for _, req := range calls {
		all.Go(func() {
			if _, err := s.b.HandleRequest(context.Background(), req); err != nil {
				failed <- fmt.Errorf("%s %s: %w", req.Operation, req.Path, err)
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	for i := range secrets {
		s.held(fmt.Sprintf("team/s%02d", i), 1, "carol", "dave", "erin", "frank")
		s.combines(fmt.Sprintf("team/s%02d", i))
	}
	for _, name := range []string{"carol", "dave", "erin"} {
		if n, refused := s.recorded(name); n != 1 || len(refused) != 0 {
			t.Errorf("%s: %d on record, refused %v", name, n, refused)
		}
	}
	if left, err := s.storage.List(t.Context(), resharesPrefix+"deal/"); err != nil || len(left) != 0 {
		t.Errorf("%d deals are left (%v)", len(left), err)
	}
}

func TestPeopleMayLeaveWhileOthersDeal(t *testing.T) {
	s := newTeam(t, 2, "carol", "dave", "erin")
	for i := range 10 {
		s.do(update, fmt.Sprintf("secret/team/s%02d", i), map[string]any{"k": "v"})
	}
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	s.reshare("carol")
	deals := s.sendDeals(s.answerOf("dave"))
	s.Append(roster.KindApproverRevoke, roster.Removal{ID: s.people["frank"].ID})
	revoke := s.request(update, "org/log", map[string]any{"statements": s.logTexts()})
	var all sync.WaitGroup
	for _, req := range []*logical.Request{deals, revoke} {
		all.Go(func() {
			// Deals that come too late are refused; either order is right.
			_, err := s.b.HandleRequest(context.Background(), req)
			if err != nil && req == revoke {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s.do(read, "status", nil)
	for i := range 10 {
		path := fmt.Sprintf("team/s%02d", i)
		s.combines(path)
		if names, _ := s.holders(path, 1); len(names) != 3 {
			t.Errorf("%s is held by %v", path, names)
		}
	}
	s.named(map[string][]string{"exposed": s.do(read, "status", nil)["exposed"].([]string)})
}
