package backend

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

func TestWritesAtTheSameTimeAreAllKept(t *testing.T) {
	r := newOrganisation(t)
	const writers, each = 8, 5
	var all sync.WaitGroup
	failed := make(chan error, writers*each)
	for w := range writers {
		all.Go(func() {
			for i := range each {
				for _, req := range []*logical.Request{
					{ID: fmt.Sprintf("writer-%d-%d", w, i), Operation: update, Path: "secret/prod/db", Data: map[string]any{"k": "v"}},
					{Operation: read, Path: "metadata/prod/db"}, {Operation: read, Path: "status"},
				} {
					req.Storage = r.storage
					if _, err := r.b.HandleRequest(context.Background(), req); err != nil {
						failed <- err
					}
				}
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if current, ciphertexts := r.versions("prod/db"); current != writers*each || ciphertexts != writers*each {
		t.Fatalf("current version is %d, %d ciphertexts", current, ciphertexts)
	}
}

func TestTheLargestValueFitsAndALargerEntryIsRefused(t *testing.T) {
	r := newOrganisation(t)
	largest := strings.Repeat("x", secret.MaxValue-len(`{"k":""}`))
	r.do(update, "secret/prod/large", map[string]any{"k": largest})
	r.refused(update, "secret/prod/large", map[string]any{"k": largest + "x"}, http.StatusBadRequest, "too_large")
	var crowd []*coretest.Person
	for i := range 120 {
		crowd = append(crowd, r.Admit(fmt.Sprintf("person-%d", i)))
	}
	r.SetPolicy(coretest.Policy("crowd", "crowd/*", []*coretest.Consumer{r.mount}, coretest.Need("all", 1, crowd...)))
	r.push()
	r.do(update, "secret/crowd/small", map[string]any{"k": "v"})
	r.refused(update, "secret/crowd/large", map[string]any{"k": largest}, http.StatusBadRequest, "version_too_large")
	if current, all := r.versions("crowd/large"); current != 0 || all != 0 {
		t.Fatalf("version %d, %d ciphertexts", current, all)
	}
}

func TestAFullRecordTakesVersionsAgainOnceSomeAreDestroyed(t *testing.T) {
	r := newOrganisation(t)
	ctx := context.Background()
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	full, err := r.b.loadRecord(ctx, "prod/db")
	r.Must(err)
	for n := uint64(2); n <= maxVersions; n++ {
		v := full.Versions[0]
		v.Number, v.Call, v.Shares = n, "", reshare.NoShares()
		full.Versions = append(full.Versions, v)
	}
	r.Must(r.b.storeRecord(ctx, "prod/db", full))
	r.refused(update, "secret/prod/db", map[string]any{"k": "w"}, http.StatusUnprocessableEntity, "versions_full")
	r.do(update, "destroy/prod/db", map[string]any{"versions": "1"})
	r.do(update, "secret/prod/db", map[string]any{"k": "w"})
	kept, err := r.b.loadRecord(ctx, "prod/db")
	r.Must(err)
	if len(kept.Versions) != maxVersions || kept.current().Number != maxVersions+1 || kept.Versions[0].Number != 2 {
		t.Fatalf("%d versions, from %d to %d", len(kept.Versions), kept.Versions[0].Number, kept.current().Number)
	}
}
