package roster_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// FuzzLog reads bytes as a statement from outside: nobody here signed them.
func FuzzLog(f *testing.F) {
	w := coretest.NewWorld(f)
	text, err := envelope.Encode(w.Log[0])
	w.Must(err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		w.T = t
		s, err := envelope.Decode[envelope.Signed](data)
		if err != nil {
			return
		}
		if err := w.Roster.Append(s); err == nil {
			t.Errorf("taken: %s", data)
		}
		if r, err := roster.Fold(envelope.Hash{}, []envelope.Signed{s}); err == nil && r.Organisation() != s.Hash() {
			t.Error("an organisation under another id")
		}
	})
}

// bodies read the body of a kind loosely and write it as it should be, so that
// the fuzzer gets past the encoding to the meaning.
var bodies = map[roster.Kind]func([]byte) []byte{
	roster.KindOrgRotate:          loosely[roster.OrgRotate],
	roster.KindApproverAdmit:      loosely[roster.ApproverAdmit],
	roster.KindApproverSet:        loosely[roster.ApproverSet],
	roster.KindApproverRekey:      loosely[roster.ApproverRekey],
	roster.KindApproverRevoke:     loosely[roster.Removal],
	roster.KindDeviceAdmit:        loosely[roster.DeviceAdmit],
	roster.KindDeviceRevoke:       loosely[roster.Removal],
	roster.KindGroupSet:           loosely[roster.Group],
	roster.KindGroupDelete:        loosely[roster.Removal],
	roster.KindPolicySet:          loosely[roster.Policy],
	roster.KindPolicyDelete:       loosely[roster.Removal],
	roster.KindConsumerAdmit:      loosely[roster.ConsumerAdmit],
	roster.KindConsumerSet:        loosely[roster.ConsumerSet],
	roster.KindConsumerRevoke:     loosely[roster.ConsumerRevoke],
	roster.KindCheckpoint:         loosely[roster.Checkpoint],
	roster.KindReceiptsCheckpoint: loosely[roster.ReceiptsCheckpoint],
}

func loosely[T any](body []byte) []byte {
	var v T
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	encoded, err := envelope.Encode(v)
	if err != nil {
		return body
	}
	return encoded
}

// FuzzStatement has the organisation's own key sign whatever a statement says:
// a meaningless one is refused and changes nothing, and one that is taken folds
// again to the same.
func FuzzStatement(f *testing.F) {
	f.Add([]byte(`{"kind":"checkpoint","body":{"expires":9999999999999}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var st roster.Statement
		if json.Unmarshal(data, &st) != nil {
			return
		}
		if body := bodies[st.Kind]; body != nil {
			st.Body = body(st.Body)
		}
		w := coretest.NewWorld(t)
		before := w.Roster.Head()
		st.Seq, st.Prev, st.Time = 1, before.Hash, envelope.At(w.Now)
		s, err := envelope.Sign(envelope.TypeStatement, st, w.Identity)
		if err != nil {
			return
		}
		if err := w.Roster.Append(s); err != nil {
			if w.Roster.Head() != before || len(w.Roster.Consumers())+len(w.Roster.Approvers())+len(w.Roster.Groups())+len(w.Roster.Policies())+len(w.Roster.ReceiptHeads()) != 0 {
				t.Errorf("refused and taken: %v", err)
			}
			return
		}
		again, err := roster.Fold(w.Roster.Organisation(), append(w.Log, s))
		if err != nil || again.Head() != w.Roster.Head() {
			t.Errorf("appended and not folded: %v", err)
		}
	})
}

func FuzzTicket(f *testing.F) {
	w := coretest.NewWorld(f)
	text, err := invite(w).Reveal()
	w.Must(err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text string) {
		w.T = t
		ticket, err := roster.ParseTicket(text)
		if err != nil {
			return
		}
		if again, err := ticket.Reveal(); err != nil || again != text {
			t.Errorf("%q is read as what is written %q, %v", text, again, err)
		}
	})
}

func FuzzEnrolmentMessage(f *testing.F) {
	w := coretest.NewWorld(f)
	ticket := invite(w)
	m, err := ticket.Close(enrol(w, ticket))
	w.Must(err)
	text, err := envelope.Encode(m)
	w.Must(err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		w.T = t
		m, err := envelope.Decode[roster.EnrolmentMessage](data)
		if err != nil {
			return
		}
		if _, err := ticket.Accept(m, w.Now); err == nil && !bytes.Equal(data, text) {
			t.Errorf("taken: %s", data)
		}
		e, err := roster.ReadEnrolment(m)
		if err != nil {
			return
		}
		words, err := e.Fingerprint()
		if err != nil || e.MatchesFingerprint(words) != nil {
			t.Errorf("its own words %q are not its words: %v", words, err)
		}
	})
}

// FuzzPath holds patterns and paths against a second, plainer matcher.
func FuzzPath(f *testing.F) {
	f.Add("prod/+/db", "prod/a/db")
	f.Add("prod/*", "prod/a/b")
	f.Add("e\u0301", "\u00e9")
	w := coretest.NewWorld(f)
	a, b := w.Admit("a"), w.Admit("b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		w.T = t
		if roster.CheckPath(path) == nil && roster.CheckPattern(path) != nil && bytes.Count([]byte(path), []byte("/")) < 32 {
			t.Errorf("%q is a path and no pattern", path)
		}
		if roster.CheckPattern(pattern) != nil {
			return
		}
		p := coretest.Policy("p", pattern, nil, coretest.Need("dba", 1, a, b))
		s, err := w.Roster.Next(roster.KindPolicySet, p, w.Now.Add(time.Second), w.Identity)
		w.Must(err)
		r := w.Fold(0)
		w.Must(r.Append(s))
		_, err = r.PolicyFor(path)
		switch valid := roster.CheckPath(path) == nil; {
		case !valid && !errors.Is(err, roster.ErrPath):
			t.Errorf("%q: got %v", path, err)
		case valid && (err == nil) != matches(pattern, path):
			t.Errorf("%q on %q: got %v", pattern, path, err)
		}
	})
}

func matches(pattern, path string) bool {
	want, have := bytes.Split([]byte(pattern), []byte("/")), bytes.Split([]byte(path), []byte("/"))
	for i, segment := range want {
		switch {
		case i >= len(have):
			return false
		case string(segment) == "*":
			return true
		case string(segment) != "+" && !bytes.Equal(segment, have[i]):
			return false
		}
	}
	return len(want) == len(have)
}

// FuzzOffer reads what a broker brings as the offer of a further device.
func FuzzOffer(f *testing.F) {
	w := coretest.NewWorld(f)
	h := roster.NewHandover(w.Roster.Organisation(), envelope.NewID(), envelope.NewID(), "frank", envelope.At(w.Now.Add(time.Hour)))
	m, err := h.Offer("tablet", envelope.NewKey())
	w.Must(err)
	text, err := envelope.Encode(m)
	w.Must(err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := envelope.Decode[roster.OfferMessage](data)
		if err != nil {
			return
		}
		if _, err := h.ReadOffer(m, w.Now); err == nil && !bytes.Equal(data, text) {
			t.Errorf("taken: %s", data)
		}
	})
}
