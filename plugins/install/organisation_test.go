package install_test

import (
	"context"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// found gives the engine at a path an organisation whose policy has people
// approve what lies under prod, and stores a secret there.
func (s *site) found(path string) *broker.Client {
	s.t.Helper()
	ctx := context.Background()
	client := s.engine(path)
	mount, err := client.ReadMount(ctx)
	s.must(err)
	w := &coretest.World{T: s.t, Now: time.Now(), Mount: mount.ID,
		Identity: envelope.NewSigningKey(envelope.NewKey()), Recovery: envelope.NewSigningKey(envelope.NewKey())}
	first, err := roster.Found(w.Identity, w.Recovery.Public(), w.Now)
	s.must(err)
	w.Log = []envelope.Signed{first}
	w.Roster, err = roster.Fold(first.Hash(), w.Log)
	s.must(err)
	consumer := &coretest.Consumer{ID: envelope.NewID(), Name: "vault"}
	w.Append(roster.KindConsumerAdmit, roster.ConsumerAdmit{
		ID: consumer.ID, Name: consumer.Name, Kind: roster.ConsumerMount, Signing: mount.Signing, Mount: mount.ID,
	})
	alice, bob := w.Admit("alice"), w.Admit("bob")
	w.SetPolicy(coretest.Policy("prod", "prod/*", []*coretest.Consumer{consumer}, coretest.Need("on-call", 1, alice, bob)))
	s.must(client.PinOrganisation(ctx, first.Hash()))
	s.must(client.AppendLog(ctx, w.Log))
	_, err = client.WriteSecret(ctx, "prod/db", []byte(`{"password":"correct horse"}`), nil)
	s.must(err)
	return client
}

// block begins a read that waits for an approver, and returns once it does. The
// channel gives the read's end.
func (s *site) block(path string) <-chan error {
	s.t.Helper()
	user, err := s.AddUser(context.Background(), "carol", "reader")
	s.must(err)
	s.must(s.client.Sys().PutPolicy("reader", `path "+/secret/*" { capabilities = ["read"] }`))
	vault, err := s.ClientWith(user.Token)
	s.must(err)
	reader, err := broker.New(broker.Config{Client: vault, Mount: path})
	s.must(err)
	ended := make(chan error, 1)
	go func() {
		for { // for as long as the rest of the test takes
			_, err := reader.ReadSecret(context.Background(), "prod/db", broker.ReadOptions{Wait: 50 * time.Second})
			if broker.NameOf(err) != "request_waiting" {
				ended <- err
				return
			}
		}
	}()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		status, err := s.engine(path).ReadStatus(context.Background())
		s.must(err)
		if status.WaitingReaders > 0 {
			return ended
		}
		select {
		case err := <-ended:
			s.t.Fatalf("the read did not wait: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the read does not wait")
		}
	}
}
