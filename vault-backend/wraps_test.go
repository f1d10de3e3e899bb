package backend

import (
	"context"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// wraps returns who still has a wrap of a stored version.
func (r *rig) wraps(path string, n uint64) []envelope.ID {
	r.t.Helper()
	v, err := r.b.loadVersion(context.Background(), path, n)
	r.Must(err)
	w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
	r.Must(err)
	var held []envelope.ID
	for i, h := range w.Holders {
		if len(v.Wraps[i].Bytes) > 0 {
			held = append(held, h.Approver)
		}
	}
	return held
}

func (r *rig) approverID(name string) envelope.ID {
	r.t.Helper()
	a, err := r.Roster.ApproverNamed(name)
	r.Must(err)
	return a.ID
}

func TestWrapsOfPeopleWhoLeaveAreDeletedAtOnce(t *testing.T) {
	r := newOrganisation(t)
	bob := r.approverID("bob")
	for range 2 {
		r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	}
	if held := r.wraps("prod/db", 2); len(held) != 2 {
		t.Fatalf("%d wraps", len(held))
	}
	r.Append(roster.KindApproverRevoke, roster.Removal{ID: bob})
	r.push()
	for n := uint64(1); n <= 2; n++ {
		if held := r.wraps("prod/db", n); !slices.Equal(held, []envelope.ID{r.alice.ID}) {
			t.Fatalf("version %d: %d wraps", n, len(held))
		}
	}
	// Who is left still opens it.
	done := r.ask("secret/prod/db", nil)
	r.answer(r.approval(r.alice, r.waitFor(r.alice)))
	r.Must(await(t, done).err)
}

func TestAMistakenPolicyDoesNotCostTheSecret(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "v"})
	p, err := r.Roster.PolicyNamed("prod")
	r.Must(err)
	carol := r.Admit("carol")
	mistake := *p
	mistake.Requirements = []roster.Requirement{coretest.Need("ops", 1, carol)}
	r.SetPolicy(mistake)
	r.push()
	if held := r.wraps("prod/db", 1); len(held) != 2 {
		t.Fatalf("%d wraps are left", len(held))
	}
	if s := r.do(read, "status", nil); len(s["exposed"].([]string)) != 1 || len(s["uncovered"].([]string)) != 1 {
		t.Fatalf("exposed %v, uncovered %v", s["exposed"], s["uncovered"])
	}
	r.SetPolicy(*p)
	r.push()
	if s := r.do(read, "status", nil); len(s["exposed"].([]string)) != 0 || len(s["uncovered"].([]string)) != 0 {
		t.Fatalf("after the correction: exposed %v, uncovered %v", s["exposed"], s["uncovered"])
	}
	// With alice alone the policy can still be met: bob's wrap goes.
	less := *p
	less.Requirements = []roster.Requirement{coretest.Need("ops", 1, r.alice.Person)}
	r.SetPolicy(less)
	r.push()
	if held := r.wraps("prod/db", 1); !slices.Equal(held, []envelope.ID{r.alice.ID}) {
		t.Fatalf("%d wraps are left", len(held))
	}
}

func TestADeletionOfWrapsThatIsCutOffIsFinished(t *testing.T) {
	stopEverywhere(t,
		func(r *rig) {
			for _, path := range []string{"secret/prod/db", "secret/prod/web", "secret/prod/web"} {
				r.do(update, path, map[string]any{"k": "v"})
			}
			r.Append(roster.KindApproverRevoke, roster.Removal{ID: r.approverID("bob")})
		},
		func(r *rig) *logical.Request {
			return r.request(update, "org/log", map[string]any{"statements": r.logTexts()})
		},
		func(r *rig) {
			for _, path := range []string{"prod/db", "prod/web"} {
				held := r.wraps(path, 1)
				revoked := r.do(read, "status", nil)["head_seq"].(int64) == int64(r.Roster.Head().Seq)
				if len(held) == 2 && revoked || !slices.Contains(held, r.alice.ID) {
					t.Fatalf("%s: %d wraps, bob revoked %v", path, len(held), revoked)
				}
			}
		},
		func(r *rig) {
			if len(r.wraps("prod/db", 1)) != 1 || len(r.wraps("prod/web", 1)) != 1 || len(r.wraps("prod/web", 2)) != 1 {
				t.Fatal("a wrap is left")
			}
			if s := r.do(read, "status", nil); len(s["exposed"].([]string)) != 2 {
				t.Fatalf("exposed %v", s["exposed"])
			}
		})
}
