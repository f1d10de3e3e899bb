package consumer_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
)

const path = "prod/db"

// stage is an organisation, a broker that stores versions and has alice answer
// requests, and a host.
type stage struct {
	*coretest.World
	alice, bob *coretest.Person
	consumer   *coretest.Consumer
	store      *store
	memory     memory
	host       *consumer.Host
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{World: coretest.NewWorld(t), memory: memory{}}
	s.alice, s.bob = s.Admit("alice", "entity-alice"), s.Admit("bob", "entity-bob")
	s.consumer = s.AdmitConsumer("deploy-host", roster.ConsumerHost)
	s.SetPolicy(coretest.Policy("production", "prod/*", []*coretest.Consumer{s.consumer}, coretest.Need("dba", 1, s.alice, s.bob)))
	s.store = &store{stage: s}
	s.store.answer = func(item approval.Item) []approval.Release { return []approval.Release{s.approve(s.alice, item)} }
	s.host = s.newHost(s.consumer, s.memory)
	return s
}

func (s *stage) newHost(c *coretest.Consumer, m memory) *consumer.Host {
	return &consumer.Host{
		Name: c.Name, Signer: c.Signer, Mount: s.Mount, Broker: s.store, Memory: m,
		Roster: func(context.Context) (*roster.Roster, error) { return s.Fold(0), nil },
		Now:    func() time.Time { return s.Now },
	}
}

func (s *stage) put(value string) {
	s.T.Helper()
	s.Now = s.Now.Add(time.Second)
	_, err := s.host.Put(s.T.Context(), path, []byte(value), nil)
	s.Must(err)
}

func (s *stage) get() (*consumer.Received, error) { return s.host.Get(s.T.Context(), s.ask()) }

func (s *stage) ask() consumer.Ask {
	return consumer.Ask{Path: path, Terms: approval.Terms{
		Origin: approval.Origin{Requester: "carol", Entity: "entity-carol", UID: -1, PID: -1}, Reason: "incident 7",
	}}
}

func (s *stage) review(p *coretest.Person, item approval.Item) *approval.Case {
	s.T.Helper()
	c, err := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: p.ID, Device: p.Device.ID()}.Review(item, s.Now)
	s.Must(err)
	return c
}

func (s *stage) approve(p *coretest.Person, item approval.Item) approval.Release {
	s.T.Helper()
	signer := p.Device.Signer()
	defer signer.Wipe()
	rel, err := s.review(p, item).Approve(p.Keyring, signer, approval.Ledger{}, s.Now)
	s.Must(err)
	return rel
}

func (s *stage) deny(p *coretest.Person, item approval.Item, reason string) approval.Release {
	s.T.Helper()
	signer := p.Device.Signer()
	defer signer.Wipe()
	rel, err := s.review(p, item).Deny(reason, false, signer, approval.Ledger{}, s.Now)
	s.Must(err)
	return rel
}

// memory is a host's memory of paths.
type memory map[string]secret.Seen

func (m memory) Seen(path string) (secret.Seen, error) { return m[path], nil }

func (m memory) Remember(path string, seen secret.Seen) error {
	if m[path].Covers(seen) {
		return nil
	}
	m[path] = seen
	return nil
}

// store is a broker with one secret; tests replace what it shows.
type store struct {
	*stage
	versions  []*secret.Version
	deleted   bool
	show      func(*broker.Sealed) // changes what is read
	before    func()               // runs before a write
	answer    func(approval.Item) []approval.Release
	await     error
	cancelled []envelope.ID
	opened    []envelope.Signed
}

func status(code int, text string) error {
	return &broker.Error{Operation: "read", Path: path, Status: code, Text: text}
}

func (b *store) ReadSealed(_ context.Context, p string, version, since uint64) (*broker.Sealed, error) {
	switch {
	case len(b.versions) == 0:
		return nil, status(http.StatusNotFound, "secret_missing: nothing is stored at this path")
	case b.deleted && version == 0:
		return nil, status(http.StatusGone, "version_deleted: this version was deleted")
	case version == 0:
		version = uint64(len(b.versions))
	}
	sealed := &broker.Sealed{Version: b.versions[version-1], Number: version, Mount: b.Mount}
	if since > 0 {
		for n := since + 1; n < version; n++ {
			sealed.Chain = append(sealed.Chain, b.versions[n-1].Header)
		}
	}
	if b.show != nil {
		b.show(sealed)
	}
	return sealed, nil
}

func (b *store) WriteSealed(_ context.Context, p string, v *secret.Version, cas uint64) (*broker.Written, error) {
	if before := b.before; before != nil {
		b.before = nil
		before()
	}
	if cas != uint64(len(b.versions)) {
		return nil, status(http.StatusConflict, "cas_mismatch: another version was written in the meantime")
	}
	if _, err := v.Verify(b.Roster, b.Mount, p); err != nil {
		return nil, err
	}
	b.versions, b.deleted = append(b.versions, v), false
	return &broker.Written{Version: cas + 1}, nil
}

func (b *store) ReadMetadata(context.Context, string) (*broker.Metadata, error) {
	signed := b.versions[len(b.versions)-1].Header
	header, err := envelope.Peek[secret.Header](signed, envelope.TypeHeader)
	if err != nil {
		return nil, err
	}
	return &broker.Metadata{Secret: header.Secret.String(), Current: header.Version, Versions: map[string]broker.VersionMetadata{
		strconv.FormatUint(header.Version, 10): {Header: signed.Hash().String()},
	}}, nil
}

func (b *store) AwaitRelease(ctx context.Context, p string, request envelope.Signed, _ broker.Progress) (*broker.Releases, error) {
	if b.await != nil {
		return nil, b.await
	}
	asked, _, err := approval.ReadRequest(b.Roster, request, b.Now)
	if err != nil {
		return nil, fmt.Errorf("the broker was posted a bad request: %w", err)
	}
	item := approval.Item{Request: request, Version: *b.versions[asked.Version-1], Decisions: []envelope.Signed{}}
	return &broker.Releases{Request: asked.ID, Releases: b.answer(item)}, nil
}

func (b *store) CancelRequest(_ context.Context, id envelope.ID) error {
	b.cancelled = append(b.cancelled, id)
	return nil
}

// seen is what a host remembers that saw a version of the store.
func (s *stage) seen(n int) secret.Seen {
	v, err := s.store.versions[n-1].VerifyHistory(s.Roster, s.Mount, path)
	s.Must(err)
	return v.Seen()
}

// elsewhere is a genuine version of another path or mount.
func (s *stage) elsewhere(path string, mount envelope.ID) *secret.Version {
	v, err := secret.Seal(s.Roster, secret.Draft{Mount: mount, Secret: envelope.NewID(), Path: path, Version: 1, Author: s.consumer.ID}, []byte(`{"x":1}`), s.consumer.Signer, s.Now)
	s.Must(err)
	return v
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func (b *store) ReportOpened(_ context.Context, _ string, opened envelope.Signed) error {
	b.opened = append(b.opened, opened)
	return nil
}
