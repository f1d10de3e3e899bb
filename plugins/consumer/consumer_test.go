package consumer_test

import (
	"context"
	"errors"
	"net/http"
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

const value = `{"password":"correct horse","port":9007199254740993}`

func TestWhatWasPutIsGot(t *testing.T) {
	s := newStage(t)
	s.put(value)
	var told consumer.Request
	ask := s.ask()
	ask.Asked = func(r consumer.Request) { told = r }
	got, err := s.host.Get(t.Context(), ask)
	s.Must(err)
	defer got.Value.Wipe()
	if string(got.Value.JSON()) != value || got.Version != 1 || got.Lease != 15*time.Minute {
		t.Fatalf("version %d, lease %s", got.Version, got.Lease)
	}
	if told.ID != got.Request || len(told.MatchCode) != 9 || !told.Deadline.Equal(s.Now.Add(5*time.Minute)) {
		t.Fatalf("told of request %s, code %q, deadline %s", told.ID, told.MatchCode, told.Deadline)
	}
}

func TestOlderVersionsCanBeRead(t *testing.T) {
	s := newStage(t)
	s.put(`{"n":1}`)
	s.put(`{"n":2}`)
	ask := s.ask()
	ask.Version = 1
	got, err := s.host.Get(t.Context(), ask)
	s.Must(err)
	if string(got.Value.JSON()) != `{"n":1}` || s.memory[path].Version != 2 {
		t.Fatalf("version %d, remembered %d", got.Version, s.memory[path].Version)
	}
}

func TestADenialNamesWhoAndWhy(t *testing.T) {
	s := newStage(t)
	s.put(value)
	s.store.answer = func(item approval.Item) []approval.Release {
		return []approval.Release{s.deny(s.bob, item, "not during the freeze")}
	}
	_, err := s.get()
	if !errors.Is(err, approval.ErrDenied) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"by bob", `"not during the freeze"`} {
		if !contains(err.Error(), want) {
			t.Errorf("%q is missing in %q", want, err)
		}
	}
}

func TestABrokerThatShowsSomethingElseIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		lie  func(*stage)
		want error
	}{
		"an old version as the latest": {func(s *stage) {
			s.store.show = func(b *broker.Sealed) { b.Version, b.Chain = s.store.versions[0], nil }
		}, secret.ErrRolledBack},
		"a gap in the chain": {func(s *stage) {
			s.put(`{"n":3}`)
			s.put(`{"n":4}`)
			s.memory[path] = s.seen(1)
			s.store.show = func(b *broker.Sealed) { b.Chain = b.Chain[:1] }
		}, secret.ErrChain},
		"another version in place of the one seen": {func(s *stage) {
			forged := s.memory[path]
			forged.Header[0] ^= 1
			s.memory[path] = forged
		}, secret.ErrForked},
		"another version than asked for": {func(s *stage) {
			s.store.show = func(b *broker.Sealed) { b.Version = s.store.versions[0] }
		}, secret.ErrRolledBack},
		"another path's secret": {func(s *stage) {
			s.store.show = func(b *broker.Sealed) { b.Version = s.elsewhere("prod/other", s.Mount) }
		}, secret.ErrHeader},
		"another mount's secret": {func(s *stage) {
			s.store.show = func(b *broker.Sealed) { b.Version = s.elsewhere(path, envelope.NewID()) }
		}, secret.ErrHeader},
		"a payload of its own": {func(s *stage) {
			s.store.show = func(b *broker.Sealed) {
				swapped := *b.Version
				swapped.Payload = s.elsewhere("prod/other", s.Mount).Payload
				b.Version = &swapped
			}
			s.store.answer = func(item approval.Item) []approval.Release { return nil }
		}, consumer.ErrIncomplete},
		"no answer at all": {func(s *stage) {
			s.store.answer = func(approval.Item) []approval.Release { return nil }
		}, consumer.ErrIncomplete},
		"an answer to another request": {func(s *stage) {
			var first []approval.Release
			s.store.answer = func(item approval.Item) []approval.Release {
				if first == nil {
					first = []approval.Release{s.approve(s.alice, item)}
				}
				return first
			}
			got, err := s.get()
			s.Must(err)
			got.Value.Wipe()
		}, approval.ErrRelease},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.put(`{"n":1}`)
			s.put(`{"n":2}`)
			c.lie(s)
			if _, err := s.get(); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestABadReleaseDoesNotKeepAGoodOneOut(t *testing.T) {
	s := newStage(t)
	s.put(value)
	s.store.answer = func(item approval.Item) []approval.Release {
		bad := s.approve(s.bob, item)
		blob := *bad.Blob
		blob.Bytes = append(envelope.Bytes{}, blob.Bytes...)
		blob.Bytes[0] ^= 1
		bad.Blob = &blob
		return []approval.Release{bad, s.approve(s.alice, item)}
	}
	got, err := s.get()
	s.Must(err)
	got.Value.Wipe()
}

func TestAReleaseByARevokedApproverOpensNothing(t *testing.T) {
	s := newStage(t)
	s.put(value)
	s.store.answer = func(item approval.Item) []approval.Release {
		rel := s.approve(s.alice, item)
		s.Append(roster.KindDeviceRevoke, roster.Removal{ID: s.alice.Device.ID()})
		return []approval.Release{rel}
	}
	if _, err := s.get(); !errors.Is(err, roster.ErrRevoked) {
		t.Fatalf("got %v", err)
	}
}

func TestARequestThatNobodyWaitsForIsCancelled(t *testing.T) {
	s := newStage(t)
	s.put(value)
	ctx, cancel := context.WithCancel(t.Context())
	var asked envelope.ID
	ask := s.ask()
	ask.Asked = func(r consumer.Request) { asked = r.ID; cancel() }
	s.store.await = context.Canceled
	if _, err := s.host.Get(ctx, ask); !errors.Is(err, consumer.ErrStopped) {
		t.Fatalf("got %v", err)
	}
	if len(s.store.cancelled) != 1 || s.store.cancelled[0] != asked {
		t.Fatalf("cancelled %v", s.store.cancelled)
	}
}

func TestARequestIsCancelledWhereTheBrokerWasLost(t *testing.T) {
	s := newStage(t)
	s.put(value)
	s.store.await = errors.New("connection refused")
	if _, err := s.get(); !errors.Is(err, s.store.await) || len(s.store.cancelled) != 1 {
		t.Fatalf("got %v, cancelled %v", err, s.store.cancelled)
	}
	s.store.await = status(http.StatusGone, "request_expired: the deadline has passed; ask again")
	if _, err := s.get(); !errors.Is(err, approval.ErrExpired) || len(s.store.cancelled) != 1 {
		t.Fatalf("got %v, cancelled %v", err, s.store.cancelled)
	}
}

func TestAHostThatIsNotAdmittedIsToldSo(t *testing.T) {
	s := newStage(t)
	s.put(value)
	stranger := &coretest.Consumer{Name: "stranger", Signer: envelope.NewSigningKey(envelope.NewKey())}
	s.host = s.newHost(stranger, s.memory)
	if _, err := s.get(); !errors.Is(err, consumer.ErrNotAdmitted) {
		t.Fatalf("get: %v", err)
	}
	if _, err := s.host.Put(t.Context(), path, []byte(value), nil); !errors.Is(err, consumer.ErrNotAdmitted) {
		t.Fatalf("put: %v", err)
	}
	allowed := s.AdmitConsumer("other-host", roster.ConsumerHost)
	s.host = s.newHost(allowed, s.memory)
	if _, err := s.get(); !errors.Is(err, approval.ErrConsumer) {
		t.Fatalf("get: %v", err)
	}
	if _, err := s.host.Put(t.Context(), path, []byte(value), nil); !errors.Is(err, secret.ErrAuthor) {
		t.Fatalf("put: %v", err)
	}
}

func TestPutRespectsTheVersionGiven(t *testing.T) {
	s := newStage(t)
	for _, c := range []struct {
		cas  uint64
		want error
	}{{1, consumer.ErrCAS}, {0, nil}, {0, consumer.ErrCAS}, {1, nil}} {
		s.Now = s.Now.Add(time.Second)
		if _, err := s.host.Put(t.Context(), path, []byte(value), &c.cas); !errors.Is(err, c.want) {
			t.Fatalf("cas=%d: got %v, want %v", c.cas, err, c.want)
		}
	}
}

func TestPutBeginsAnewWhereSomebodyWasFaster(t *testing.T) {
	s := newStage(t)
	s.put(`{"n":1}`)
	faster := s.newHost(s.consumer, memory{})
	s.store.before = func() {
		_, err := faster.Put(t.Context(), path, []byte(`{"n":2}`), nil)
		s.Must(err)
	}
	s.put(`{"n":3}`)
	if n := len(s.store.versions); n != 3 {
		t.Fatalf("%d versions", n)
	}
	one := uint64(3)
	s.store.before = func() {
		_, err := faster.Put(t.Context(), path, []byte(`{"n":4}`), nil)
		s.Must(err)
	}
	if _, err := s.host.Put(t.Context(), path, []byte(`{"n":5}`), &one); broker.StatusOf(err) != http.StatusConflict {
		t.Fatalf("with a version given: got %v", err)
	}
}

func TestPutFollowsADeletedVersionThatWasSeen(t *testing.T) {
	s := newStage(t)
	s.put(`{"n":1}`)
	s.store.deleted = true
	s.put(`{"n":2}`)
	got, err := s.get()
	s.Must(err)
	if got.Version != 2 {
		t.Fatalf("version %d", got.Version)
	}
}

func TestPutFollowsADeletedVersionWithoutMemory(t *testing.T) {
	s := newStage(t)
	s.put(`{"n":1}`)
	reader := s.newHost(s.consumer, memory{})
	_, err := reader.Get(t.Context(), s.ask())
	s.Must(err)
	s.store.deleted = true
	s.host = s.newHost(s.consumer, memory{})
	s.put(`{"n":2}`)
	got, err := reader.Get(t.Context(), s.ask())
	s.Must(err)
	if got.Version != 2 {
		t.Fatalf("version %d", got.Version)
	}
}

func TestPutFollowsNoDeletedVersionThatItMissed(t *testing.T) {
	s := newStage(t)
	s.put(`{"n":1}`)
	_, err := s.newHost(s.consumer, memory{}).Put(t.Context(), path, []byte(`{"n":2}`), nil)
	s.Must(err)
	s.store.deleted = true
	if _, err := s.host.Put(t.Context(), path, []byte(value), nil); !errors.Is(err, consumer.ErrPredecessor) {
		t.Fatalf("got %v", err)
	}
}

func TestPutReplacesWhatACompromisedAuthorWrote(t *testing.T) {
	s := newStage(t)
	thief := s.AdmitConsumer("ci", roster.ConsumerCI)
	s.SetPolicy(coretest.Policy("ci", "prod/ci/*", []*coretest.Consumer{s.consumer, thief}, coretest.Need("dba", 1, s.alice, s.bob)))
	_, err := s.newHost(thief, memory{}).Put(t.Context(), "prod/ci/key", []byte(value), nil)
	s.Must(err)
	s.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: thief.ID, Compromised: true})
	ask := s.ask()
	ask.Path = "prod/ci/key"
	if _, err := s.host.Get(t.Context(), ask); !errors.Is(err, roster.ErrRevoked) {
		t.Fatalf("got %v", err)
	}
	_, err = s.host.Put(t.Context(), "prod/ci/key", []byte(`{"n":2}`), nil)
	s.Must(err)
	got, err := s.host.Get(t.Context(), ask)
	s.Must(err)
	if got.Version != 2 {
		t.Fatalf("version %d", got.Version)
	}
}

func TestAValueThatIsNoObjectIsNotSealed(t *testing.T) {
	s := newStage(t)
	if _, err := s.host.Put(t.Context(), path, []byte(`[1]`), nil); !errors.Is(err, secret.ErrValue) {
		t.Fatalf("got %v", err)
	}
}
