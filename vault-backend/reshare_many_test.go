package backend

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
)

// counting counts what is read from a storage.
type counting struct {
	logical.Storage
	gets int
}

func (c *counting) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	c.gets++
	return c.Storage.Get(ctx, key)
}

func TestAThousandSecretsAreSharedAnewWithProgress(t *testing.T) {
	secrets := 1000
	if testing.Short() {
		secrets = 200
	}
	s := newTeam(t, 1, "carol", "dave")
	for i := range secrets {
		s.do(update, fmt.Sprintf("secret/team/s%04d", i), map[string]any{"k": "v"})
	}
	count := &counting{Storage: s.storage}
	s.storage = count
	s.start()
	s.do(read, "status", nil)
	count.gets = 0
	s.set(s.need("team", 2, "carol", "dave", "erin"))
	if count.gets > 100 {
		t.Fatalf("%d entries were read for a statement", count.gets)
	}
	n := s.notices("carol")[0]
	if int(n.Total) != secrets || n.Done != 0 {
		t.Fatalf("carol is asked for %d of %d", n.Done, n.Total)
	}
	pages, last := 0, 0
	for {
		page := s.page("carol", n.Request.Hash(), envelope.Hash{})
		if len(page.Items) == 0 {
			break
		}
		resp, err := s.send(s.sendDeals(s.dealt("carol", n, page)))
		s.Must(err)
		done, total := resp.Data["done"].(int), resp.Data["total"].(int)
		if total != secrets || done != last+len(page.Items) || (done == total) != (resp.Data["state"] == "done") {
			t.Fatalf("after page %d: %d of %d, %s", pages, done, total, resp.Data["state"])
		}
		last = done
		pages++
	}
	if last != secrets || pages < secrets/64 || pages > secrets/32 {
		t.Fatalf("%d versions on %d pages", last, pages)
	}
	if len(s.notices("dave")) != 0 {
		t.Fatal("dave is asked, too")
	}
	s.held("team/s0000", 1, "carol", "dave", "erin")
	s.opens(fmt.Sprintf("team/s%04d", secrets-1), "dave", "erin")
	count.gets = 0
	s.set(s.need("team", 2, "carol", "dave", "erin", "frank"))
	shown := s.do(read, "reshares/team", nil)
	if count.gets > 100 || shown["waiting"] != secrets || len(shown["paths"].([]string)) != maxNamed || len(shown["missing"].([]any)) != 3 {
		t.Fatalf("%d entries were read; waiting %v, %d paths, missing %v", count.gets, shown["waiting"], len(shown["paths"].([]string)), shown["missing"])
	}
	if n := s.notices("dave")[0]; n.Done != 0 || len(n.Dealt) != 0 {
		t.Fatalf("dave is told that %d others have dealt", len(n.Dealt))
	}
	n = s.notices("carol")[0]
	_, err := s.send(s.sendDeals(s.dealt("carol", n, s.page("carol", n.Request.Hash(), envelope.Hash{}))))
	s.Must(err)
	if n := s.notices("dave")[0]; n.Done != 0 || !slices.Equal(n.Dealt, []envelope.ID{s.people["carol"].ID}) {
		t.Fatalf("dave is told that %d others have dealt, and that he dealt %d", len(n.Dealt), n.Done)
	}
}
