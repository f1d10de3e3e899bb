package reshare

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// shelves is stock in memory.
type shelves map[string][]Stock

func (s shelves) Load(context.Context) error { return nil }

func (s shelves) Each(f func(path string, all []Stock)) {
	for path, all := range s {
		f(path, all)
	}
}

func (s shelves) Of(path string) []Stock { return s[path] }

func (s shelves) Version(context.Context, Place) (*secret.Version, error) {
	return nil, fmt.Errorf("there is no ciphertext here")
}

func (s shelves) Change(context.Context, Place, func(func() (*secret.Version, error), *Shares) (Outcome, error)) error {
	return nil
}

// entries is a store in memory.
type entries map[string][]byte

func (e entries) Put(_ context.Context, name string, entry []byte) error {
	e[name] = entry
	return nil
}
func (e entries) Get(_ context.Context, name string) ([]byte, error) { return e[name], nil }
func (e entries) List(context.Context, string) ([]string, error)     { return nil, nil }
func (e entries) Delete(_ context.Context, name string) error        { delete(e, name); return nil }

// plannedOffice is an office over that many secrets with three holders each, under
// one policy that names a fourth person, too.
func plannedOffice(t testing.TB, secrets int) (*coretest.World, *Office, []*coretest.Person) {
	w := coretest.NewWorld(t)
	mount := w.AdmitConsumer("vault", roster.ConsumerMount)
	var people []*coretest.Person
	for _, name := range []string{"alice", "bob", "carol", "dave"} {
		people = append(people, w.Admit(name))
	}
	w.SetPolicy(coretest.Policy("prod", "prod/*", []*coretest.Consumer{mount}, coretest.Need("ops", 2, people...)))
	stock := shelves{}
	for n := range secrets {
		s := NoShares()
		s.Next, s.Access = 1, []secret.Access{{Name: "ops", M: 2}}
		for _, p := range people[:3] {
			s.Holders = append(s.Holders, Holding{Approver: p.ID, Generation: 1, Proven: true})
		}
		path := fmt.Sprintf("prod/s%05d", n)
		stock[path] = []Stock{{Version: 1, Header: envelope.SumHash([]byte(path)), Shares: &s}}
	}
	return w, New(Config{
		Mount: w.Mount, Secrets: stock, Store: entries{}, Now: func() time.Time { return w.Now },
		Consumer: func() (envelope.ID, envelope.Signer, error) { return mount.ID, mount.Signer, nil },
		Roster:   func(use func(*roster.Roster) error) error { return use(w.Roster) },
		Ring:     func(...envelope.ID) {},
	}), people
}

func TestAPlanOfManySecretsIsMadeAnewOnlyWhenTheRosterChanges(t *testing.T) {
	const secrets = 500
	w, o, people := plannedOffice(t, secrets)
	notice := func() (total uint32) {
		all, err := o.Notices(t.Context(), people[0].ID)
		w.Must(err)
		for _, n := range all {
			total += n.Total
		}
		return total
	}
	if n := notice(); n != secrets {
		t.Fatalf("alice is asked for %d", n)
	}
	// One secret was written anew for everybody.
	path := "prod/s00007"
	stock := o.cfg.Secrets.(shelves)
	fresh := stock[path][0].Shares.Clone()
	fresh.Holders = append(fresh.Holders, Holding{Approver: people[3].ID, Generation: 1})
	stock[path] = []Stock{{Version: 2, Shares: &fresh}}
	if n := notice(); n != secrets {
		t.Fatalf("alice is asked for %d before the office was told", n)
	}
	o.Changed(path)
	if n := notice(); n != secrets-1 {
		t.Fatalf("alice is asked for %d", n)
	}
	w.SetPolicy(func() roster.Policy {
		p, err := w.Roster.PolicyNamed("prod")
		w.Must(err)
		less := *p
		less.Requirements = []roster.Requirement{coretest.Need("ops", 2, people[:3]...)}
		return less
	}())
	if n := notice(); n != 0 {
		t.Fatalf("alice is asked for %d although nobody is missing", n)
	}
}

func BenchmarkPlanOf10000Secrets(b *testing.B) {
	_, o, people := plannedOffice(b, 10_000)
	for b.Loop() {
		o.Reset()
		if n, err := o.Notices(b.Context(), people[0].ID); err != nil || n[0].Total != 10_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkNoticesOf10000Secrets(b *testing.B) {
	_, o, people := plannedOffice(b, 10_000)
	for b.Loop() {
		if n, err := o.Notices(b.Context(), people[0].ID); err != nil || n[0].Total != 10_000 {
			b.Fatal(err)
		}
	}
}
