package approval_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// foreign decodes bytes from outside, and says whether they are other than the
// one message that was signed here.
func foreign[T any](t *testing.T, data, own []byte) (T, bool) {
	v, err := envelope.Decode[T](data)
	if err != nil {
		return v, false
	}
	if again, err := envelope.Encode(v); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%q is read as what is written %q, %v", data, again, err)
	}
	return v, !bytes.Equal(data, own)
}

func text(s *scene, v any) []byte {
	encoded, err := envelope.Encode(v)
	s.Must(err)
	return encoded
}

// FuzzRequest reads bytes as a request, first as they come and then with a
// consumer that plays along and signs them: what is let through is within the
// policy's limits and can be shown.
func FuzzRequest(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	own := text(s, s.request)
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		m, other := foreign[envelope.Signed](t, data, own)
		if !other {
			return
		}
		if _, _, err := approval.ReadRequest(s.Roster, m, s.Now); err == nil {
			t.Errorf("taken: %s", data)
		}
		q, err := envelope.Peek[approval.Request](m, envelope.TypeRequest)
		if err != nil {
			return
		}
		q.Organisation, q.Mount, q.Consumer, q.Policy, q.Roster = s.asked.Organisation, s.Mount, s.consumer.ID, s.asked.Policy, s.Roster.Head()
		signed, err := envelope.Sign(envelope.TypeRequest, q, s.consumer.Signer)
		s.Must(err)
		if got, p, err := approval.ReadRequest(s.Roster, signed, s.Now); err == nil {
			ttl := time.Duration(p.RequestTTL) * time.Second
			if got.Deadline.Sub(got.Created) > ttl || got.Deadline > envelope.At(s.Now.Add(ttl+approval.MaxClockSkew)) || got.Lease > p.LeaseMax {
				t.Error("beyond the policy's limits")
			}
			for _, shown := range []string{got.Path, got.Reason, got.Origin.Requester, got.Origin.Remote, got.Origin.Host, got.Origin.Executable} {
				if !approval.Printable(shown) {
					t.Errorf("%q would be shown", shown)
				}
			}
		}
	})
}

func FuzzRelease(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	rel := s.approve(s.people[0])
	own := text(s, rel)
	f.Add(own)
	signer, err := s.people[0].Keyring.Signer()
	s.Must(err)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		got, other := foreign[approval.Release](t, data, own)
		if !other {
			return
		}
		if out, err := s.accept(got); err == nil || out.Value != nil {
			t.Errorf("taken: %s", data)
		}
		rec, err := envelope.Peek[approval.Receipt](got.Receipt, envelope.TypeReceipt)
		if err != nil {
			return
		}
		p := s.people[0]
		rec.Organisation, rec.Mount, rec.Request, rec.RequestID = s.asked.Organisation, s.Mount, s.request.Hash(), s.asked.ID
		rec.Approver, rec.Device, rec.Generation, rec.Roster, rec.Time = p.ID, p.Device.ID(), 1, s.Roster.Head(), envelope.At(s.Now)
		signers := []envelope.Signer{p.Device.Signer()}
		if rec.Decision != approval.Deny {
			signers = append(signers, signer)
		}
		got.Receipt, err = envelope.Sign(envelope.TypeReceipt, rec, signers...)
		s.Must(err)
		if out, err := s.accept(got); out.Value != nil {
			t.Errorf("opened: %v", err)
		}
	})
}

func FuzzInboxCall(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	d := s.people[0].Device
	call, err := approval.CallInbox(s.Roster, d.ID(), d.Signer(), envelope.ID{}, 0, s.Now)
	s.Must(err)
	own := text(s, call)
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		m, other := foreign[envelope.Signed](t, data, own)
		if !other {
			return
		}
		if _, _, err := approval.ReadInboxCall(s.Roster, m, s.Now); err == nil {
			t.Errorf("taken: %s", data)
		}
		c, err := envelope.Peek[approval.InboxCall](m, envelope.TypeInboxCall)
		if err != nil {
			return
		}
		c.Organisation, c.Device, c.Roster = s.Roster.Organisation(), d.ID(), s.Roster.Head()
		signed, err := envelope.Sign(envelope.TypeInboxCall, c, d.Signer())
		s.Must(err)
		if got, _, err := approval.ReadInboxCall(s.Roster, signed, s.Now); err == nil {
			if skew := envelope.At(s.Now).Sub(got.Time).Abs(); skew > approval.MaxClockSkew || time.Duration(got.Wait)*time.Millisecond > approval.MaxInboxWait {
				t.Errorf("taken %s apart, to wait %d ms", skew, got.Wait)
			}
		}
	})
}

func FuzzEvidence(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	own := text(s, approval.Evidence{Receipt: s.approve(s.people[0]).Receipt, Request: s.request})
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		if e, other := foreign[approval.Evidence](t, data, own); other {
			if _, err := e.Verify(s.Roster); err == nil {
				t.Errorf("proves something: %s", data)
			}
			if err := approval.VerifyChains(s.Roster, []envelope.Signed{e.Receipt, e.Receipt}); err == nil {
				t.Errorf("chains: %s", data)
			}
		}
	})
}

// FuzzInbox reads what a broker sealed to a device: anybody can seal to it, so
// whatever is in it is looked at as if it came in the clear.
func FuzzInbox(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	p := s.people[0]
	call, err := approval.CallInbox(s.Roster, p.Device.ID(), p.Device.Signer(), envelope.ID{}, 0, s.Now)
	s.Must(err)
	public, err := p.Device.Public()
	s.Must(err)
	f.Add(text(s, approval.Inbox{Mount: s.Mount, Log: s.Log[:1], Items: []approval.Item{{Request: s.request, Version: *s.version, Decisions: []envelope.Signed{}}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		sealed, err := envelope.SealTo(public.KEM, envelope.Context{
			Purpose: envelope.PurposeInbox, Organisation: s.Roster.Organisation(), Mount: s.Mount, Recipient: p.Device.ID(), Request: call.Hash(),
		}, data)
		s.Must(err)
		in, err := approval.OpenInbox(s.Roster, p.Device, s.Mount, call, sealed)
		if err != nil {
			return
		}
		for _, st := range in.Log {
			if err := s.Roster.Append(st); err == nil {
				t.Errorf("statement taken: %s", data)
			}
		}
		v := approval.Reviewer{Roster: s.Roster, Mount: s.Mount, Approver: p.ID, Device: p.Device.ID()}
		for _, item := range in.Items {
			if c, err := v.Review(item, s.Now); err == nil && (c.Hash != s.request.Hash() || c.Version.Header.Path != "prod/db") {
				t.Errorf("shown: %s", data)
			}
		}
	})
}

func FuzzHandoverCall(f *testing.F) {
	s := newScene(f, 2, anyOf, nil)
	d := s.people[0].Device
	h := roster.NewHandover(s.Roster.Organisation(), s.Mount, s.people[0].ID, "alice", envelope.At(s.Now.Add(time.Minute)))
	call, err := approval.CallHandover(s.Roster, d.ID(), d.Signer(), h, nil, s.Now)
	s.Must(err)
	own := text(s, call)
	f.Add(own)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.T = t
		m, other := foreign[envelope.Signed](t, data, own)
		if !other {
			return
		}
		if _, _, err := approval.ReadHandoverCall(s.Roster, m, s.Now); err == nil {
			t.Errorf("taken: %s", data)
		}
	})
}
