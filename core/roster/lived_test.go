package roster_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// lived is an organisation in which every kind of statement has been made.
type lived struct {
	*coretest.World
	alice, bob, carol, dave *coretest.Person
	second                  *keyring.Device // of bob
	inner, outer, spare     roster.Group
	host, old               *coretest.Consumer
	wide, glass             roster.Policy
	paths                   []string
}

func newLived(t *testing.T) *lived {
	w := coretest.NewWorld(t)
	l := &lived{World: w, alice: w.Admit("alice", "entity-alice"), bob: w.Admit("bob"), carol: w.Admit("carol"), dave: w.Admit("dave"), second: keyring.NewDevice()}
	gone := w.Admit("gone")
	l.host, l.old = w.AdmitConsumer("host", roster.ConsumerHost), w.AdmitConsumer("old", roster.ConsumerCI)
	w.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: w.Certify(l.bob, l.second, "second")})
	l.inner, l.outer, l.spare = group("inner", person(l.alice), person(l.bob)), group("outer"), group("spare", person(l.dave))
	l.outer.Members = append(l.outer.Members, of(l.inner), person(l.carol))
	for _, g := range []roster.Group{l.inner, l.outer, l.spare} {
		w.Append(roster.KindGroupSet, g)
	}
	l.wide = coretest.Policy("wide", "prod/*", []*coretest.Consumer{l.host, l.old}, roster.Requirement{Name: "sre", M: 2, Principals: []roster.Principal{of(l.outer)}})
	w.SetPolicy(l.wide)
	l.glass = withBreakGlass(coretest.Need("directors", 2, l.carol, l.dave), coretest.Need("dba", 1, l.alice, l.bob))
	w.SetPolicy(l.glass)
	brief := coretest.Policy("brief", "test/+", nil, coretest.Need("dba", 1, l.alice))
	w.SetPolicy(brief)
	w.Append(roster.KindPolicyDelete, roster.Removal{ID: brief.ID})
	l.wide.MatchCode = true
	w.SetPolicy(l.wide)
	w.Append(roster.KindApproverSet, roster.ApproverSet{ID: l.carol.ID, Name: "caroline", Entities: []string{"entity-carol"}})
	w.Append(roster.KindConsumerSet, roster.ConsumerSet{ID: l.host.ID, Name: "host-1"})
	l.rekey(2)
	w.Append(roster.KindReceiptsCheckpoint, checkpoint(reached(l.bob, 3), reached(gone, 1)))
	w.Append(roster.KindApproverRevoke, roster.Removal{ID: gone.ID})
	w.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: l.old.ID})
	w.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(w.Now.Add(time.Hour))})
	l.paths = []string{"prod/db", "x/y", "test/a", "other"}
	return l
}

// rekey gives alice a keyring of another generation and a device with it.
func (l *lived) rekey(generation uint32) {
	l.Append(roster.KindApproverRekey, l.rekeyed(generation))
}

func (l *lived) rekeyed(generation uint32) roster.ApproverRekey {
	public := keys(l.World, l.alice.ID, generation)
	return roster.ApproverRekey{ID: l.alice.ID, KEM: public.KEM, Signing: public.Signing, Generation: generation, Factors: []keyring.FactorKind{keyring.FactorPasskey}}
}

// change is a statement that may come next.
type change struct {
	kind    roster.Kind
	body    any
	signers []envelope.Signer
}

// changes has one or more statements of every kind.
func (l *lived) changes() []change {
	fresh, next := envelope.NewSigningKey(envelope.NewKey()), envelope.NewSigningKey(envelope.NewKey())
	passkey := keyring.NewDevice()
	regrouped := l.inner
	regrouped.Members = []roster.Principal{person(l.dave), person(l.bob)}
	moved, also := l.wide, l.glass
	moved.Pattern, moved.Name, moved.Authors, moved.Consumers = "test/*", "moved", []envelope.ID{l.host.ID}, []envelope.ID{}
	also.ID, also.Name, also.Pattern = envelope.NewID(), "also", "test/a"
	own := []envelope.Signer{l.Identity}
	return []change{
		{roster.KindOrgRotate, roster.OrgRotate{PublicKey: fresh.Public(), RecoveryKey: l.Recovery.Public(), Recovery: roster.RecoveryCommitment(next.Public())}, []envelope.Signer{fresh, l.Recovery}},
		{roster.KindApproverAdmit, admission(l.World, nil), own},
		{roster.KindApproverSet, roster.ApproverSet{ID: l.carol.ID, Name: "carol", Entities: []string{}}, own},
		{roster.KindApproverSet, roster.ApproverSet{ID: l.dave.ID, Name: "dave", Entities: []string{"entity-carol-2", "entity-dave"}}, own},
		{roster.KindApproverRekey, l.rekeyed(3), own},
		{roster.KindApproverRekey, l.rekeyed(3), own},
		{roster.KindApproverRevoke, roster.Removal{ID: l.bob.ID}, own},
		{roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: l.CertifyAs(l.bob, passkey, "phone", keyring.FactorPasskey)}, own},
		{roster.KindDeviceRevoke, roster.Removal{ID: l.second.ID()}, own},
		{roster.KindGroupSet, regrouped, own},
		{roster.KindGroupSet, group("new", of(l.outer)), own},
		{roster.KindGroupDelete, roster.Removal{ID: l.spare.ID}, own},
		{roster.KindPolicySet, moved, own},
		{roster.KindPolicySet, also, own},
		{roster.KindPolicyDelete, roster.Removal{ID: l.wide.ID}, own},
		{roster.KindConsumerAdmit, roster.ConsumerAdmit{ID: envelope.NewID(), Name: "run", Kind: roster.ConsumerTerraform, Signing: next.Public()}, own},
		{roster.KindConsumerSet, roster.ConsumerSet{ID: l.host.ID, Name: "host"}, own},
		{roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: l.host.ID}, own},
		{roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: l.old.ID, Compromised: true}, own},
		{roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(l.Now.Add(2 * time.Hour))}, own},
		{roster.KindReceiptsCheckpoint, checkpoint(reached(l.bob, 4), reached(l.carol, 1)), own},
	}
}

// portrait is all that a roster answers about those who are in log, at every
// statement of it where the question has one.
func portrait(t *testing.T, r *roster.Roster, log []envelope.Signed, paths []string) string {
	t.Helper()
	out := []any{r.Organisation(), r.Identity(), r.Head(), r.Expires(), r.ReceiptHeads(), r.Approvers(), r.Groups(), r.Policies(), r.Consumers()}
	note := func(v any, err error) { out = append(out, v, fmt.Sprint(err)) }
	for seq, s := range log {
		head := roster.Head{Seq: uint64(seq), Hash: s.Hash()}
		out = append(out, fmt.Sprint(r.Follows(head)))
		for _, path := range paths {
			p, err := r.PolicyAt(path, head)
			note(p, err)
		}
		for _, id := range idsIn(t, s) {
			a, err := r.ApproverAt(id, head)
			note(a, err)
			d, err := r.DeviceAt(id, head)
			note(d, err)
			c, err := r.FormerConsumerAt(id, head)
			note(c, err)
			if a, err := r.FormerApprover(id); err == nil {
				out = append(out, r.Devices(id), a.Recipient() != nil)
				for g := range a.Generation {
					note(a.SigningKey(g + 1))
				}
			}
		}
	}
	for _, path := range paths {
		p, err := r.PolicyFor(path)
		if note(p, err); err == nil {
			note(r.Assign(p))
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// idsIn returns whom a statement is about.
func idsIn(t *testing.T, s envelope.Signed) []envelope.ID {
	t.Helper()
	var st struct {
		Body struct {
			ID          envelope.ID     `json:"id"`
			Certificate envelope.Signed `json:"certificate"`
		} `json:"body"`
	}
	var certificate keyring.Certificate
	if err := json.Unmarshal(s.Payload, &st); err != nil {
		t.Fatal(err)
	}
	if payload := st.Body.Certificate.Payload; len(payload) > 0 {
		if err := json.Unmarshal(payload, &certificate); err != nil {
			t.Fatal(err)
		}
	}
	return []envelope.ID{st.Body.ID, certificate.Device}
}

// walk visits all pointers, maps and slices below a value but those that
// nothing changes.
func walk(v reflect.Value, visit func(reflect.Value)) {
	if slices.Contains(unchanging, v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v)
			walk(v.Elem(), visit)
		}
	case reflect.Map:
		if v.Len() > 0 {
			visit(v)
		}
		for _, key := range v.MapKeys() {
			walk(v.MapIndex(key), visit)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			visit(v)
		}
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	}
}
