package backend

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
)

func shownVersion(t *testing.T, metadata map[string]any, n string) map[string]any {
	t.Helper()
	v, found := metadata["versions"].(map[string]any)[n].(map[string]any)
	if !found {
		t.Fatalf("version %s is not shown", n)
	}
	return v
}

func TestMetadataShowsVersionsAndCoverage(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	r.do(erase, "secret/prod/db", nil)
	m := r.do(read, "metadata/prod/db", nil)
	if m["current_version"] != uint64(2) || m["policy"] != "prod" || m["stale"] != false {
		t.Fatalf("metadata: %v", m)
	}
	first, second := shownVersion(t, m, "1"), shownVersion(t, m, "2")
	if first["deletion_time"] != "" || second["deletion_time"] == "" || first["author"] != "vault" || first["exposed"] != false {
		t.Fatalf("versions: %v, %v", first, second)
	}
	coverage := m["coverage"].([]any)[0].(map[string]any)
	if coverage["requirement"] != "ops" || coverage["people"] != 2 || coverage["recoverable"] != 2 || coverage["meets"] != true {
		t.Fatalf("coverage: %v", coverage)
	}
	if keys := r.do(list, "metadata/", nil)["keys"].([]string); !slices.Equal(keys, []string{"prod/"}) {
		t.Fatalf("listed %v", keys)
	}
	if m := r.do(read, "metadata/prod/other", nil); m != nil {
		t.Fatalf("metadata of nothing: %v", m)
	}
}

func TestARemovedHolderExposesWhatTheyHeld(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	bob, err := r.Roster.ApproverNamed("bob")
	r.Must(err)
	r.Append(roster.KindApproverRevoke, roster.Removal{ID: bob.ID})
	r.push()
	m := r.do(read, "metadata/prod/db", nil)
	if shownVersion(t, m, "1")["exposed"] != true {
		t.Fatalf("not exposed: %v", m)
	}
	if s := r.do(read, "status", nil); !slices.Equal(s["exposed"].([]string), []string{"prod/db"}) || len(s["problems"].([]string)) == 0 {
		t.Fatalf("status: %v", s)
	}
	r.do(update, "secret/prod/db", map[string]any{"k": "rotated"})
	m = r.do(read, "metadata/prod/db", nil)
	if shownVersion(t, m, "1")["exposed"] != true || shownVersion(t, m, "2")["exposed"] != false {
		t.Fatalf("after writing it again: %v", m["versions"])
	}
	if s := r.do(read, "status", nil); len(s["exposed"].([]string)) != 0 {
		t.Fatalf("status: %v", s["exposed"])
	}
}

func TestACompromisedAuthorIsDisbelieved(t *testing.T) {
	r, host := withHost(t)
	disbelieved := func(paths ...string) {
		t.Helper()
		s := r.do(read, "status", nil)
		named := slices.ContainsFunc(s["problems"].([]string), func(p string) bool { return strings.Contains(p, "compromised") })
		if !slices.Equal(s["disbelieved"].([]string), paths) || named != (len(paths) > 0) {
			t.Fatalf("status: disbelieved %v, problems %v", s["disbelieved"], s["problems"])
		}
	}
	first := r.seal(host, "host/db", nil, `{"k":"v"}`)
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(first)})
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	other := r.AdmitConsumer("other", roster.ConsumerHost)
	p, err := r.Roster.PolicyNamed("host")
	r.Must(err)
	changed := *p
	changed.Authors = append(slices.Clone(p.Authors), other.ID)
	r.SetPolicy(changed)
	r.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: host.ID})
	r.push()
	disbelieved() // what a revoked author wrote stays readable
	r.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: host.ID, Compromised: true})
	r.push()
	disbelieved("host/db")
	if m := r.do(read, "metadata/host/db", nil); shownVersion(t, m, "1")["disbelieved"] != true {
		t.Fatalf("versions: %v", m["versions"])
	}
	if m := r.do(read, "metadata/prod/db", nil); shownVersion(t, m, "1")["disbelieved"] != false {
		t.Fatalf("another author's versions: %v", m["versions"])
	}
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(r.seal(other, "host/db", first, `{"k":"w"}`))})
	disbelieved()
	m := r.do(read, "metadata/host/db", nil)
	if shownVersion(t, m, "1")["disbelieved"] != true || shownVersion(t, m, "2")["disbelieved"] != false {
		t.Fatalf("after writing it again: %v", m["versions"])
	}
}

func TestAChangedPolicyMakesVersionsStale(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	p, err := r.Roster.PolicyNamed("prod")
	r.Must(err)
	changed := *p
	carol := r.Admit("carol")
	changed.Requirements = append(slices.Clone(p.Requirements), coretest.Need("security", 1, carol))
	changed.MinimumCoverage = 0
	r.SetPolicy(changed)
	r.push()
	m := r.do(read, "metadata/prod/db", nil)
	if m["stale"] != true {
		t.Fatalf("not stale: %v", m)
	}
	s := r.do(read, "status", nil)
	if !slices.Equal(s["stale"].([]string), []string{"prod/db"}) || !slices.Equal(s["uncovered"].([]string), []string{"prod/db"}) {
		t.Fatalf("status: stale %v, uncovered %v", s["stale"], s["uncovered"])
	}
}

func TestRemovingMetadataRemovesEverything(t *testing.T) {
	r := newOrganisation(t)
	first := r.do(update, "secret/prod/db", map[string]any{"k": "v"})["secret_id"]
	r.do(erase, "metadata/prod/db", nil)
	r.do(erase, "metadata/prod/db", nil)
	if current, all := r.versions("prod/db"); current != 0 || all != 0 {
		t.Fatalf("version %d, %d ciphertexts", current, all)
	}
	if m := r.do(read, "metadata/prod/db", nil); m != nil {
		t.Fatalf("metadata: %v", m)
	}
	again := r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	if again["version"] != uint64(1) || again["secret_id"] == first {
		t.Fatalf("the path's new secret inherits: %v", again)
	}
}

func TestDestroyedVersionsStayDestroyed(t *testing.T) {
	r := newOrganisation(t)
	for range 3 {
		r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	}
	r.do(update, "destroy/prod/db", map[string]any{"versions": "2"})
	r.do(update, "destroy/prod/db", map[string]any{"versions": []any{float64(2), float64(2)}})
	r.refused(update, "undelete/prod/db", map[string]any{"versions": "1,2"}, http.StatusGone, "version_destroyed")
	r.refused(read, "sealed/prod/db", map[string]any{"version": "2"}, http.StatusGone, "version_destroyed")
	m := r.do(read, "metadata/prod/db", nil)
	if shownVersion(t, m, "2")["destroyed"] != true || shownVersion(t, m, "3")["destroyed"] != false {
		t.Fatalf("versions: %v", m["versions"])
	}
	// The header stays: without it the version after it could not be trusted.
	if chain := r.do(read, "sealed/prod/db", map[string]any{"since": "1"})["chain"].([]string); len(chain) != 1 {
		t.Fatalf("%d headers", len(chain))
	}
}

func TestUndeleteBringsBack(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	r.do(erase, "secret/prod/db", nil)
	r.do(erase, "secret/prod/db", nil)
	r.refused(read, "sealed/prod/db", nil, http.StatusGone, "version_deleted")
	for range 2 {
		r.do(update, "undelete/prod/db", map[string]any{"versions": "1"})
	}
	r.do(read, "sealed/prod/db", nil)
	for path, name := range map[string]string{"undelete/prod/db": "version_missing", "destroy/prod/db": "version_missing"} {
		r.refused(update, path, map[string]any{"versions": "7"}, http.StatusBadRequest, name)
		r.refused(update, path, map[string]any{"versions": "0"}, http.StatusBadRequest, "input_invalid")
		r.refused(update, path, nil, http.StatusBadRequest, "input_invalid")
	}
	r.refused(update, "undelete/prod/none", map[string]any{"versions": "1"}, http.StatusNotFound, "secret_missing")
}
