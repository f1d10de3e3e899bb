package backend

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// withHost makes an organisation whose policy lets a host write and receive
// what lies under host.
func withHost(t testing.TB) (*rig, *coretest.Consumer) {
	t.Helper()
	r := newOrganisation(t)
	host := r.AdmitConsumer("host", roster.ConsumerHost)
	bob, err := r.Roster.ApproverNamed("bob")
	r.Must(err)
	r.SetPolicy(coretest.Policy("host", "host/*", []*coretest.Consumer{host},
		coretest.Need("ops", 1, r.alice.Person, &coretest.Person{ID: bob.ID})))
	r.push()
	return r, host
}

// seal makes a version as an author does; previous is nil for the first.
func (r *rig) seal(author *coretest.Consumer, path string, previous *secret.Version, value string) *secret.Version {
	r.t.Helper()
	d := secret.Draft{Mount: r.Mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: author.ID}
	if previous != nil {
		h, err := envelope.Peek[secret.Header](previous.Header, envelope.TypeHeader)
		r.Must(err)
		d.Secret, d.Version, d.Previous = h.Secret, h.Version+1, previous.Header.Hash()
	}
	v, err := secret.Seal(r.Roster, d, []byte(value), author.Signer, r.Now)
	r.Must(err)
	return v
}

func TestSealedVersionsAreTakenAndGivenBack(t *testing.T) {
	r, host := withHost(t)
	first := r.seal(host, "host/db", nil, `{"n":12345678901234567890}`)
	for range 2 {
		if w := r.do(update, "sealed/host/db", map[string]any{"version": r.text(first), "cas": 0}); w["version"] != uint64(1) {
			t.Fatalf("version %v", w["version"])
		}
	}
	second := r.seal(host, "host/db", first, `{"k":"w"}`)
	third := r.seal(host, "host/db", second, `{"k":"x"}`)
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(second)})
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(third), "cas": "2"})
	got := r.do(read, "sealed/host/db", map[string]any{"since": "1"})
	chain := got["chain"].([]string)
	if got["version"] != r.text(third) || got["number"] != uint64(3) || len(chain) != 1 || chain[0] != r.text(second.Header) || got["mount_id"] != r.Mount.String() {
		t.Fatalf("number %v, %d headers", got["number"], len(chain))
	}
	if old := r.do(read, "sealed/host/db", map[string]any{"version": "1"}); old["version"] != r.text(first) {
		t.Fatal("version 1 is not the one that was stored")
	}
}

func TestSealedVersionsThatDoNotFitAreRefused(t *testing.T) {
	r, host := withHost(t)
	first := r.seal(host, "host/db", nil, `{"k":"v"}`)
	r.do(update, "sealed/host/db", map[string]any{"version": r.text(first)})
	second := r.seal(host, "host/db", first, `{"k":"w"}`)
	edit := func(change func(*secret.Version)) string {
		v := *second
		v.Wraps = append([]envelope.Envelope{}, second.Wraps...)
		change(&v)
		return r.text(v)
	}
	early := r.Now
	r.Now = r.Now.Add(time.Hour)
	ahead := r.text(r.seal(host, "host/db", first, `{"k":"w"}`))
	r.Now = early
	for name, c := range map[string]struct {
		path, version string
		status        int
		err           string
	}{
		"of another path":       {"host/web", r.text(second), http.StatusBadRequest, "header_mismatch"},
		"not the next":          {"host/db", r.text(r.seal(host, "host/db", second, `{"k":"x"}`)), http.StatusConflict, "version_conflict"},
		"of another secret":     {"host/db", r.text(r.seal(host, "host/db", nil, `{"k":"x"}`)), http.StatusConflict, "version_conflict"},
		"second of nothing":     {"host/new", r.text(r.seal(host, "host/new", first, `{"k":"x"}`)), http.StatusConflict, "version_conflict"},
		"from the future":       {"host/db", ahead, http.StatusBadRequest, "request_from_the_future"},
		"another wrap set":      {"host/db", edit(func(v *secret.Version) { v.WrapSet = first.WrapSet }), http.StatusBadRequest, "wrap_set_invalid"},
		"a wrap missing":        {"host/db", edit(func(v *secret.Version) { v.Wraps[0].Bytes = nil }), http.StatusBadRequest, "wrap_set_invalid"},
		"a signature cut short": {"host/db", edit(func(v *secret.Version) { v.Header.Signatures = nil }), http.StatusForbidden, "signature_invalid"},
		"no version":            {"host/db", "", http.StatusBadRequest, "input_invalid"},
		"no encoding":           {"host/db", "{}", http.StatusBadRequest, "encoding_not_canonical"},
	} {
		t.Run(name, func(t *testing.T) {
			r.refused(update, "sealed/"+c.path, map[string]any{"version": c.version}, c.status, c.err)
			if current, _ := r.versions("host/db"); current != 1 {
				t.Fatalf("current version is %d", current)
			}
		})
	}
	r.refused(update, "sealed/host/db", map[string]any{"version": r.text(second), "cas": 0}, http.StatusConflict, "secret_exists")
	r.refused(update, "sealed/host/db", map[string]any{"version": r.text(second), "since": 1}, http.StatusBadRequest, "unknown_field")
	r.refused(read, "sealed/host/db", map[string]any{"cas": "1"}, http.StatusBadRequest, "unknown_field")
	r.refused(read, "sealed/host/none", nil, http.StatusNotFound, "secret_missing")
}

func TestAVersionSealedToSomebodyWhoLeftIsRefused(t *testing.T) {
	r, host := withHost(t)
	v := r.seal(host, "host/db", nil, `{"k":"v"}`)
	r.Append(roster.KindApproverRevoke, roster.Removal{ID: r.approverID("bob")})
	r.push()
	r.refused(update, "sealed/host/db", map[string]any{"version": r.text(v)}, http.StatusConflict, "sealed_to_others")
}

func TestTheMountWritesOnlyWhereItIsAnAuthor(t *testing.T) {
	r, _ := withHost(t)
	r.refused(update, "secret/host/db", map[string]any{"k": "v"}, http.StatusForbidden, "author_not_allowed")
	r.refused(update, "secret/none/db", map[string]any{"k": "v"}, http.StatusForbidden, "policy_missing")
	lonely := r.AdmitWith("dora", []keyring.FactorKind{keyring.FactorSoftware})
	p := coretest.Policy("lonely", "lonely/*", []*coretest.Consumer{r.mount}, coretest.Need("ops", 1, lonely))
	r.SetPolicy(p)
	r.push()
	r.refused(update, "secret/lonely/db", map[string]any{"k": "v"}, http.StatusForbidden, "coverage_too_low")
	for _, path := range []string{"host/db", "none/db", "lonely/db"} {
		if current, all := r.versions(path); current != 0 || all != 0 {
			t.Fatalf("%s: version %d, %d ciphertexts", path, current, all)
		}
	}
}

func TestAMountThatIsNotAdmittedWritesNothing(t *testing.T) {
	r := newRig(t)
	alice := r.Admit("alice")
	r.SetPolicy(coretest.Policy("prod", "prod/*", nil, coretest.Need("ops", 1, alice)))
	r.refused(update, "secret/prod/db", map[string]any{"k": "v"}, http.StatusBadRequest, "organisation_not_pinned")
	r.push()
	r.refused(update, "secret/prod/db", map[string]any{"k": "v"}, http.StatusForbidden, "mount_not_admitted")
}

func TestAnExpiredCheckpointStopsWrites(t *testing.T) {
	r := newOrganisation(t)
	r.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(r.Now.Add(time.Hour))})
	r.push()
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	r.Now = r.Now.Add(2 * time.Hour)
	r.refused(update, "secret/prod/db", map[string]any{"k": "w"}, http.StatusForbidden, "roster_expired")
	if s := r.do(read, "status", nil); s["head_expires"] == "" || len(s["problems"].([]string)) == 0 {
		t.Fatalf("status: %v", s["problems"])
	}
}

func TestLongChainsAreReadInPieces(t *testing.T) {
	r := newOrganisation(t)
	for i := range 12 {
		r.do(update, "secret/prod/db", map[string]any{"k": fmt.Sprint(i)})
	}
	for since, want := range map[string]int{"0": 0, "1": 10, "11": 0, "12": 0, "99": 0} {
		if got := len(r.do(read, "sealed/prod/db", map[string]any{"since": since})["chain"].([]string)); got != want {
			t.Errorf("since %s: %d headers, want %d", since, got, want)
		}
	}
	r.refused(read, "sealed/prod/db", map[string]any{"since": "-1"}, http.StatusBadRequest, "input_invalid")
}
