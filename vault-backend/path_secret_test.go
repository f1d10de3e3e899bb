package backend

import (
	"net/http"
	"slices"
	"testing"
)

func TestWritesAreNumberedAndListed(t *testing.T) {
	r := newOrganisation(t)
	first := r.do(update, "secret/prod/db", map[string]any{"password": "s3cret", "port": float64(5432)})
	second := r.do(update, "secret/prod/db", map[string]any{"password": "changed"})
	if first["version"] != uint64(1) || second["version"] != uint64(2) || first["secret_id"] != second["secret_id"] || first["policy"] != "prod" {
		t.Fatalf("versions %v and %v, policy %v", first["version"], second["version"], first["policy"])
	}
	r.do(update, "secret/prod/web/tls", map[string]any{"key": "k"})
	keys := r.do(list, "secret/prod/", nil)["keys"].([]string)
	if !slices.Equal(keys, []string{"db", "web/"}) {
		t.Fatalf("listed %v", keys)
	}
}

func TestWriteSentTwiceIsOneVersion(t *testing.T) {
	r := newOrganisation(t)
	req := r.request(update, "secret/prod/db", map[string]any{"password": "s3cret", "cas": float64(0)})
	again := *req
	again.Data = map[string]any{"password": "s3cret", "cas": float64(0)}
	first, err := r.send(req)
	r.Must(err)
	second, err := r.send(&again)
	r.Must(err)
	if first.Data["version"] != uint64(1) || second.Data["version"] != uint64(1) {
		t.Fatalf("versions %v and %v", first.Data["version"], second.Data["version"])
	}
}

func TestCheckAndSet(t *testing.T) {
	r := newOrganisation(t)
	write := func(cas any) map[string]any { return map[string]any{"k": "v", "cas": cas} }
	r.refused(update, "secret/prod/db", write(1), http.StatusConflict, "cas_mismatch")
	r.do(update, "secret/prod/db", write("0"))
	r.refused(update, "secret/prod/db", write(float64(0)), http.StatusConflict, "secret_exists")
	r.refused(update, "secret/prod/db", write(2), http.StatusConflict, "cas_mismatch")
	r.do(update, "secret/prod/db", write(1))
	r.do(erase, "secret/prod/db", nil)
	r.refused(update, "secret/prod/db", write(0), http.StatusConflict, "secret_exists")
	r.do(update, "secret/prod/db", write(2))
}
