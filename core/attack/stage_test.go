package attack_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

const (
	pathDB  = "prod/db"    // one of alice and bob
	pathAPI = "prod/api"   // the same policy
	pathKey = "quorum/key" // two of alice, bob and carol, and dave or erin
)

// stage is an organisation whose broker is the test. Every party on it has a
// roster and a memory of its own; what passes between them passes through the
// attack.
type stage struct {
	*coretest.World
	alice, bob, carol, dave, erin *device
	host                          *reader            // writes and receives everywhere
	rogue                         *coretest.Consumer // admitted, named by no policy
	mallory                       *envelope.SigningKey
	prod, quorum                  roster.Policy
	db                            []*secret.Version // versions 1 to 3
	api, key                      *secret.Version
}

func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{World: coretest.NewWorld(t), mallory: envelope.NewSigningKey(envelope.NewKey())}
	for _, p := range []struct {
		name string
		into **device
	}{{"alice", &s.alice}, {"bob", &s.bob}, {"carol", &s.carol}, {"dave", &s.dave}, {"erin", &s.erin}} {
		*p.into = &device{Person: s.Admit(p.name, "entity-"+p.name), mount: s.Mount, decided: map[envelope.Hash]bool{}}
	}
	s.host = &reader{Consumer: s.AdmitConsumer("host", roster.ConsumerHost), mount: s.Mount, seen: map[string]secret.Seen{}}
	s.rogue = s.AdmitConsumer("rogue", roster.ConsumerHost)
	named := []*coretest.Consumer{s.host.Consumer}
	s.prod = coretest.Policy("production", "prod/*", named, coretest.Need("dba", 1, s.alice.Person, s.bob.Person))
	s.quorum = coretest.Policy("quorum", "quorum/*", named,
		coretest.Need("dba", 2, s.alice.Person, s.bob.Person, s.carol.Person), coretest.Need("security", 1, s.dave.Person, s.erin.Person))
	s.SetPolicy(s.prod)
	s.SetPolicy(s.quorum)
	s.everybodyLearns()
	s.db = s.write(pathDB, 3)
	s.api = s.write(pathAPI, 1)[0]
	s.key = s.write(pathKey, 1)[0]
	return s
}

func (s *stage) devices() []*device { return []*device{s.alice, s.bob, s.carol, s.dave, s.erin} }

// everybodyLearns brings every honest party to the end of the log. The host and
// alice, whom attacks single out, have rosters of their own; the others share
// the signer's.
func (s *stage) everybodyLearns() {
	s.T.Helper()
	s.host.roster = s.grown(s.host.roster)
	s.alice.roster = s.grown(s.alice.roster)
	s.bob.roster, s.carol.roster, s.dave.roster, s.erin.roster = s.Roster, s.Roster, s.Roster, s.Roster
}

func (s *stage) grown(r *roster.Roster) *roster.Roster {
	if r == nil {
		return s.Fold(0)
	}
	for _, st := range s.Log[r.Head().Seq+1:] {
		s.Must(r.Append(st))
	}
	return r
}

// write has the honest author write n versions at a path.
func (s *stage) write(path string, n int) (all []*secret.Version) {
	s.T.Helper()
	draft := secret.Draft{Mount: s.Mount, Secret: envelope.NewID(), Path: path, Author: s.host.ID}
	for range n {
		v, err := s.extend(&draft)
		s.Must(err)
		all = append(all, v)
	}
	return all
}

// extend writes the next version of a draft, a second later.
func (s *stage) extend(d *secret.Draft) (*secret.Version, error) {
	s.Now = s.Now.Add(time.Second)
	d.Version++
	v, err := secret.Seal(s.host.roster, *d, []byte(`{"password":"correct horse"}`), s.host.Signer, s.Now)
	if err == nil {
		d.Previous = v.Header.Hash()
	}
	return v, err
}

// device is an approver at a device, with the memory that a device has.
type device struct {
	*coretest.Person
	mount   envelope.ID
	roster  *roster.Roster
	ledger  approval.Ledger
	decided map[envelope.Hash]bool
}

// learn takes a log, as every party does: under the pinned id, and only if it
// extends what it knew.
func (d *device) learn(organisation envelope.Hash, log []envelope.Signed) (err error) {
	d.roster, err = learn(d.roster, organisation, log)
	return err
}

func learn(known *roster.Roster, organisation envelope.Hash, log []envelope.Signed) (*roster.Roster, error) {
	r, err := roster.Fold(organisation, log)
	if err == nil && known != nil {
		err = r.Follows(known.Head())
	}
	if err != nil {
		return known, err
	}
	return r, nil
}

func (d *device) review(item approval.Item, now time.Time) (*approval.Case, error) {
	v := approval.Reviewer{
		Roster: d.roster, Mount: d.mount, Approver: d.ID, Device: d.Device.ID(),
		Decided: func(h envelope.Hash) bool { return d.decided[h] },
	}
	return v.Review(item, now)
}

func (d *device) approve(item approval.Item, now time.Time) (approval.Release, error) {
	c, err := d.review(item, now)
	if err != nil {
		return approval.Release{}, err
	}
	return d.note(c)(c.Approve(d.Keyring, d.Device.Signer(), d.ledger, now))
}

func (d *device) deny(item approval.Item, now time.Time) (approval.Release, error) {
	c, err := d.review(item, now)
	if err != nil {
		return approval.Release{}, err
	}
	return d.note(c)(c.Deny("not now", false, d.Device.Signer(), d.ledger, now))
}

func (d *device) note(c *approval.Case) func(approval.Release, error) (approval.Release, error) {
	return func(rel approval.Release, err error) (approval.Release, error) {
		if err == nil {
			d.ledger, d.decided[c.Hash] = d.ledger.After(rel.Receipt), true
		}
		return rel, err
	}
}

// signers are the keys that sign an approval by d, for attacks in which the
// approver plays along with the broker.
func (d *device) signers(s *stage) []envelope.Signer {
	k, err := d.Keyring.Signer()
	s.Must(err)
	return []envelope.Signer{k, d.Device.Signer()}
}

// reader is a consumer with the memory that a host has.
type reader struct {
	*coretest.Consumer
	mount  envelope.ID
	roster *roster.Roster
	seen   map[string]secret.Seen
}

func (c *reader) learn(organisation envelope.Hash, log []envelope.Signed) (err error) {
	c.roster, err = learn(c.roster, organisation, log)
	return err
}

// read takes a version as the path's latest.
func (c *reader) read(path string, v *secret.Version, chain ...envelope.Signed) (*secret.Verified, error) {
	verified, err := v.Verify(c.roster, c.mount, path)
	if err != nil {
		return nil, err
	}
	if err := c.seen[path].Check(c.roster, verified, chain); err != nil {
		return nil, err
	}
	c.seen[path] = verified.Seen()
	return verified, nil
}

// question is a request with what its consumer keeps until it is answered.
type question struct {
	asked    approval.Request
	signed   envelope.Signed
	pending  *approval.Pending
	version  *secret.Version
	verified *secret.Verified
}

var origin = approval.Origin{Requester: "deploy", Entity: "entity-deploy", Remote: "192.0.2.7", Host: "db1", UID: -1, PID: -1}

// ask has the host ask for a version on honest terms.
func (s *stage) ask(path string, v *secret.Version) *question {
	s.T.Helper()
	return s.askOn(path, v, approval.Terms{Origin: origin, Reason: "incident 7"})
}

func (s *stage) askOn(path string, v *secret.Version, terms approval.Terms) *question {
	s.T.Helper()
	verified, err := v.Verify(s.host.roster, s.Mount, path)
	s.Must(err)
	q := &question{version: v, verified: verified}
	q.pending, q.signed, err = approval.Ask(s.host.roster, verified, s.host.ID, s.host.Signer, terms, s.Now)
	s.Must(err)
	q.asked, err = envelope.Peek[approval.Request](q.signed, envelope.TypeRequest)
	s.Must(err)
	return q
}

// item is what an honest broker hands to a device.
func (q *question) item(decisions ...envelope.Signed) approval.Item {
	return approval.Item{Request: q.signed, Version: *q.version, Decisions: append([]envelope.Signed{}, decisions...)}
}

// approval is d's honest release for q.
func (s *stage) approval(d *device, q *question) approval.Release {
	s.T.Helper()
	rel, err := d.approve(q.item(), s.Now)
	s.Must(err)
	return rel
}

func (s *stage) accept(q *question, rel approval.Release) error {
	_, err := q.pending.Accept(s.host.roster, &q.asked, q.verified, rel, s.Now)
	return err
}

// edit changes a signed message. Without signers the signatures stay as they
// were, which is all that a broker can do; with signers their owners play along.
func edit[T any](s *stage, m envelope.Signed, change func(*T), signers ...envelope.Signer) envelope.Signed {
	s.T.Helper()
	v, err := envelope.Peek[T](m, m.Type)
	s.Must(err)
	change(&v)
	changed, err := envelope.Sign(m.Type, v, signers...)
	s.Must(err)
	if len(signers) == 0 {
		changed.Signatures = m.Signatures
	}
	return changed
}

// another is an organisation of the attacker's own, with people of the same
// names, and the same mount.
func (s *stage) another() *stage {
	other := newStage(s.T)
	other.Mount = s.Mount
	other.host.mount = s.Mount
	other.db = other.write(pathDB, 1)
	for _, d := range other.devices() {
		d.mount = s.Mount
	}
	return other
}
