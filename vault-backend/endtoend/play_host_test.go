package endtoend

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// hostRequest is a host consumer's side of a request.
type hostRequest struct {
	pending *approval.Pending
	signed  envelope.Signed
	version *secret.Verified
	text    string
}

// askAsHost fetches the sealed version, verifies it and signs a request for it.
func (s *scene) askAsHost() (hostRequest, error) {
	s.t.Helper()
	data := must(s.t, s.site.addr(), s.who.token, "GET", "sealed/"+s.path, nil)
	version := decode[secret.Version](s.t, data, "version")
	verified, err := version.Verify(s.Roster, s.Mount, s.path)
	if err != nil {
		return hostRequest{}, err
	}
	name, err := os.Hostname()
	if err != nil {
		return hostRequest{}, err
	}
	origin := approval.Origin{Requester: s.who.name, Entity: s.who.entity, Host: name, Executable: "endtoend", UID: int64(os.Getuid()), PID: int64(os.Getpid())}
	pending, signed, err := approval.Ask(s.Roster, verified, s.deploy.ID, s.deploy.Signer, approval.Terms{Origin: origin}, time.Now())
	if err != nil {
		return hostRequest{}, err
	}
	return hostRequest{pending, signed, verified, encode(s.t, signed)}, nil
}

// releaseToHost has a host ask for the secret and open what it is sent.
func releaseToHost(s *scene) answer {
	asked, err := s.askAsHost()
	if errors.Is(err, approval.ErrConsumer) {
		return s.postForged()
	}
	s.Must(err)
	reading := s.post(asked, "50s")
	s.awaitReaders(1)
	s.alice.approve(s.t, s.path)
	return s.openReleases(asked, <-reading)
}

// post posts a host's request and waits for its releases in the background. The
// server may die under it.
func (s *scene) post(asked hostRequest, wait string) <-chan answer {
	result := make(chan answer, 1)
	go func() {
		a, err := tryCall(s.site.addr(), s.who.token, "POST", "release/"+s.path, map[string]any{"request": asked.text, "wait": wait})
		if err != nil {
			a = answer{status: gone, text: err.Error()}
		}
		result <- a
	}()
	return result
}

// openReleases opens what a host was sent, as if the mount had answered a read.
func (s *scene) openReleases(asked hostRequest, got answer) answer {
	s.t.Helper()
	if got.status != 200 {
		return got
	}
	q, err := envelope.Peek[approval.Request](asked.signed, envelope.TypeRequest)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, rel := range decodeList[approval.Release](s.t, got.data, "releases") {
		out, err := asked.pending.Accept(s.Roster, &q, asked.version, rel, time.Now())
		if err != nil {
			s.t.Fatal(err)
		}
		if out.Value == nil {
			continue
		}
		got.data, got.lease = nil, int(out.Receipt.Lease)
		if err := json.Unmarshal(out.Value.JSON(), &got.data); err != nil {
			s.t.Fatal(err)
		}
		return got
	}
	s.t.Fatal("the releases do not add up to the value")
	return got
}

// postForged posts a request that core refuses to sign: a modified host's.
func (s *scene) postForged() answer {
	s.t.Helper()
	data := must(s.t, s.site.addr(), s.who.token, "GET", "sealed/"+s.path, nil)
	version := decode[secret.Version](s.t, data, "version")
	verified, err := version.Verify(s.Roster, s.Mount, s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	ephemeral, err := envelope.KEMPublic(envelope.NewKey())
	if err != nil {
		s.t.Fatal(err)
	}
	h, now := verified.Header, envelope.At(time.Now())
	signed, err := envelope.Sign(envelope.TypeRequest, approval.Request{
		ID: envelope.NewID(), Organisation: h.Organisation, Mount: h.Mount, Secret: h.Secret, Path: h.Path,
		Version: h.Version, Header: verified.HeaderHash, Policy: verified.Policy.ID, Consumer: s.deploy.ID,
		Ephemeral: ephemeral, Origin: approval.Origin{Requester: s.who.name, Entity: s.who.entity, UID: -1, PID: -1},
		Created: now, Deadline: now.Add(time.Minute), Nonce: envelope.NewKey().Bytes()[:16], Roster: s.Roster.Head(),
	}, s.deploy.Signer)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.call("POST", "release/"+s.path, map[string]any{"request": encode(s.t, signed)})
}
