package roster_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestTheFirstStatementNamesTheOrganisation(t *testing.T) {
	w := coretest.NewWorld(t)
	if w.Roster.Organisation() != w.Log[0].Hash() || w.Roster.Head() != (roster.Head{Seq: 0, Hash: w.Log[0].Hash()}) {
		t.Error("the organisation id is not the first statement's hash")
	}
	if w.Roster.Identity() != w.Identity.Public() {
		t.Error("the identity key is not the one that founded")
	}
	pinned, err := roster.Fold(envelope.Hash{}, w.Log)
	w.Must(err)
	if pinned.Organisation() != w.Roster.Organisation() {
		t.Error("a first fold takes another id")
	}
	if _, err := roster.Fold(envelope.SumHash(), w.Log); !errors.Is(err, roster.ErrOrganisation) {
		t.Errorf("another pinned id: %v", err)
	}
	if _, err := roster.Fold(envelope.Hash{}, nil); !errors.Is(err, roster.ErrSequence) {
		t.Errorf("an empty log: %v", err)
	}
}

func TestALogBeginsWithACompleteFounding(t *testing.T) {
	w := coretest.NewWorld(t)
	w.AdmitConsumer("host", roster.ConsumerHost)
	founding, err := envelope.Peek[roster.Statement](w.Log[0], envelope.TypeStatement)
	w.Must(err)
	sign := func(change func(*roster.Statement), body any) envelope.Signed {
		st := founding
		if body != nil {
			st.Body, err = envelope.Encode(body)
			w.Must(err)
		}
		if change != nil {
			change(&st)
		}
		s, err := envelope.Sign(envelope.TypeStatement, st, w.Identity)
		w.Must(err)
		return s
	}
	complete := roster.OrgInit{Nonce: make([]byte, 32), PublicKey: w.Identity.Public(), Recovery: envelope.SumHash()}
	with := func(change func(*roster.OrgInit)) roster.OrgInit { b := complete; change(&b); return b }
	for name, c := range map[string]struct {
		first envelope.Signed
		want  error
	}{
		"another kind":       {w.Log[1], roster.ErrSequence},
		"a number":           {sign(func(s *roster.Statement) { s.Seq = 1 }, nil), roster.ErrSequence},
		"a predecessor":      {sign(func(s *roster.Statement) { s.Prev = envelope.SumHash() }, nil), roster.ErrSequence},
		"a short nonce":      {sign(nil, with(func(b *roster.OrgInit) { b.Nonce = b.Nonce[:31] })), roster.ErrStatement},
		"no recovery key":    {sign(nil, with(func(b *roster.OrgInit) { b.Recovery = envelope.Hash{} })), roster.ErrStatement},
		"another's key":      {sign(nil, with(func(b *roster.OrgInit) { b.PublicKey = w.Recovery.Public() })), envelope.ErrSignature},
		"a worthless key":    {sign(nil, with(func(b *roster.OrgInit) { b.PublicKey = envelope.VerifyKey{1} })), envelope.ErrKey},
		"an unknown field":   {sign(nil, map[string]any{"nonce": ""}), envelope.ErrEncoding},
		"another type":       {envelope.Signed{Type: envelope.TypeHeader}, envelope.ErrPayloadType},
		"a body that is not": {sign(func(s *roster.Statement) { s.Body = []byte("null") }, nil), envelope.ErrEncoding},
	} {
		if _, err := roster.Fold(envelope.Hash{}, []envelope.Signed{c.first}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := roster.Fold(envelope.Hash{}, []envelope.Signed{sign(nil, complete)}); err != nil {
		t.Errorf("complete: %v", err)
	}
}

// rotate signs a rotation to a new key with whichever keys are given.
func rotate(w *coretest.World, b roster.OrgRotate, signers ...envelope.Signer) error {
	s, err := w.Roster.Next(roster.KindOrgRotate, b, w.Now, signers...)
	w.Must(err)
	if err := w.Roster.Append(s); err != nil {
		return err
	}
	w.Log = append(w.Log, s)
	return nil
}

func TestTheIdentityKeyRotatesUnderTheRecoveryKey(t *testing.T) {
	fresh, next := envelope.NewSigningKey(envelope.NewKey()), envelope.NewSigningKey(envelope.NewKey())
	for _, c := range []struct {
		name string
		edit func(*coretest.World, *roster.OrgRotate)
		sign func(*coretest.World) []envelope.Signer
		want error
	}{
		{"with the old key", nil, func(w *coretest.World) []envelope.Signer { return []envelope.Signer{fresh, w.Recovery, w.Identity} }, nil},
		{"without the old key", nil, func(w *coretest.World) []envelope.Signer { return []envelope.Signer{fresh, w.Recovery} }, nil},
		{"without the recovery key's signature", nil, func(w *coretest.World) []envelope.Signer { return []envelope.Signer{fresh, w.Identity} }, envelope.ErrSignature},
		{"without the new key's signature", nil, func(w *coretest.World) []envelope.Signer { return []envelope.Signer{w.Recovery, w.Identity} }, envelope.ErrSignature},
		{"by the recovery key alone", nil, func(w *coretest.World) []envelope.Signer { return []envelope.Signer{w.Recovery} }, envelope.ErrSignature},
		{"with somebody else besides", nil, func(w *coretest.World) []envelope.Signer { return []envelope.Signer{fresh, w.Recovery, next} }, envelope.ErrSignature},
		{"with another recovery key", func(_ *coretest.World, b *roster.OrgRotate) { b.RecoveryKey = next.Public() },
			func(*coretest.World) []envelope.Signer { return []envelope.Signer{fresh, next} }, roster.ErrStatement},
		{"without a next recovery key", func(_ *coretest.World, b *roster.OrgRotate) { b.Recovery = envelope.Hash{} },
			func(w *coretest.World) []envelope.Signer { return []envelope.Signer{fresh, w.Recovery} }, roster.ErrStatement},
		{"to the same recovery key", func(w *coretest.World, b *roster.OrgRotate) {
			b.Recovery = roster.RecoveryCommitment(w.Recovery.Public())
		},
			func(w *coretest.World) []envelope.Signer { return []envelope.Signer{fresh, w.Recovery} }, roster.ErrStatement},
		{"to the same identity key", func(w *coretest.World, b *roster.OrgRotate) { b.PublicKey = w.Identity.Public() },
			func(w *coretest.World) []envelope.Signer { return []envelope.Signer{w.Identity, w.Recovery} }, roster.ErrStatement},
		{"to the recovery key", func(w *coretest.World, b *roster.OrgRotate) { b.PublicKey = w.Recovery.Public() },
			func(w *coretest.World) []envelope.Signer { return []envelope.Signer{w.Recovery} }, envelope.ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := coretest.NewWorld(t)
			b := roster.OrgRotate{PublicKey: fresh.Public(), RecoveryKey: w.Recovery.Public(), Recovery: roster.RecoveryCommitment(next.Public())}
			if c.edit != nil {
				c.edit(w, &b)
			}
			before := *w.Roster
			if err := rotate(w, b, c.sign(w)...); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want != nil {
				if w.Roster.Identity() != before.Identity() {
					t.Fatal("the key changed all the same")
				}
				return
			}
			if w.Roster.Organisation() != w.Log[0].Hash() {
				t.Error("the organisation id changed")
			}
			if err := w.TryAppend(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: envelope.NewID()}); !errors.Is(err, envelope.ErrSignature) {
				t.Errorf("the old key still signs: %v", err)
			}
			w.Identity = fresh
			w.AdmitConsumer("after", roster.ConsumerHost)
			w.Fold(0)
			if err := rotate(w, roster.OrgRotate{PublicKey: envelope.NewSigningKey(envelope.NewKey()).Public(), RecoveryKey: w.Recovery.Public()}, fresh, w.Recovery); !errors.Is(err, roster.ErrStatement) {
				t.Errorf("the recovery key works twice: %v", err)
			}
		})
	}
}

func TestALogIsHeldAgainstAHeadThatWasRemembered(t *testing.T) {
	w := coretest.NewWorld(t)
	for _, n := range []string{"a", "b", "c"} {
		w.AdmitConsumer(n, roster.ConsumerHost)
	}
	other := w.Fold(3)
	s, err := other.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(w.Now.Add(time.Hour))}, w.Now, w.Identity)
	w.Must(err)
	w.Must(other.Append(s))
	short := w.Fold(2)
	for name, c := range map[string]struct {
		r               *roster.Roster
		head            roster.Head
		follows, accept error
	}{
		"its own":                {w.Roster, w.Roster.Head(), nil, nil},
		"an earlier one":         {w.Roster, short.Head(), nil, nil},
		"a later one":            {short, w.Roster.Head(), roster.ErrRolledBack, roster.ErrBehind},
		"another branch's":       {w.Roster, other.Head(), roster.ErrForked, roster.ErrForked},
		"another branch's later": {other, w.Roster.Head(), roster.ErrForked, roster.ErrForked},
		"none":                   {w.Roster, roster.Head{}, roster.ErrForked, roster.ErrForked},
		"far beyond":             {w.Roster, roster.Head{Seq: 1 << 63}, roster.ErrRolledBack, roster.ErrBehind},
	} {
		if c.head.Seq == 3 && c.r == other {
			c.follows, c.accept = roster.ErrForked, roster.ErrForked
		}
		if err := c.r.Follows(c.head); !errors.Is(err, c.follows) {
			t.Errorf("follows %s: got %v, want %v", name, err, c.follows)
		}
		if err := c.r.Accepts(c.head); !errors.Is(err, c.accept) {
			t.Errorf("accepts %s: got %v, want %v", name, err, c.accept)
		}
	}
}

func TestNothingGoesOnAfterTheLastCheckpoint(t *testing.T) {
	w := coretest.NewWorld(t)
	if err := w.Roster.Fresh(w.Now.Add(100 * 365 * 24 * time.Hour)); err != nil || w.Roster.Expires() != 0 {
		t.Errorf("without checkpoints: %v", err)
	}
	expires := w.Now.Add(time.Hour)
	refuse(t, w, []refusal{
		{"expired when made", roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(w.Now)}, roster.ErrStatement},
		{"never", roster.KindCheckpoint, roster.Checkpoint{}, roster.ErrStatement},
	})
	w.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(expires)})
	for _, c := range []struct {
		at   time.Time
		want error
	}{{w.Now, nil}, {expires.Add(-time.Millisecond), nil}, {expires, roster.ErrExpired}, {expires.Add(time.Hour), roster.ErrExpired}} {
		if err := w.Roster.Fresh(c.at); !errors.Is(err, c.want) {
			t.Errorf("at %s: got %v, want %v", c.at, err, c.want)
		}
	}
	w.Now = expires
	w.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(expires.Add(time.Hour))})
	if err := w.Roster.Fresh(w.Now); err != nil {
		t.Errorf("after the next one: %v", err)
	}
}

func TestStatementsComeInTheirOrderAndTime(t *testing.T) {
	w := coretest.NewWorld(t)
	admit := func(at time.Time, change func(*roster.Statement)) error {
		body, err := envelope.Encode(admission(w, nil))
		w.Must(err)
		head := w.Roster.Head()
		st := roster.Statement{Kind: roster.KindApproverAdmit, Seq: head.Seq + 1, Prev: head.Hash, Time: envelope.At(at), Body: body}
		if change != nil {
			change(&st)
		}
		s, err := envelope.Sign(envelope.TypeStatement, st, w.Identity)
		w.Must(err)
		return w.Fold(0).Append(s)
	}
	for name, c := range map[string]struct {
		at     time.Time
		change func(*roster.Statement)
		want   error
	}{
		"next":                   {w.Now, nil, nil},
		"clocks differ a little": {w.Now.Add(-5 * time.Minute), nil, nil},
		"clocks differ a lot":    {w.Now.Add(-5*time.Minute - time.Millisecond), nil, roster.ErrStatement},
		"same number again":      {w.Now, func(s *roster.Statement) { s.Seq-- }, roster.ErrSequence},
		"a number left out":      {w.Now, func(s *roster.Statement) { s.Seq++ }, roster.ErrSequence},
		"another predecessor":    {w.Now, func(s *roster.Statement) { s.Prev[0] ^= 1 }, roster.ErrSequence},
		"an unknown kind":        {w.Now, func(s *roster.Statement) { s.Kind = "approver.admit2" }, roster.ErrStatement},
		"a second founding":      {w.Now, func(s *roster.Statement) { s.Kind = roster.KindOrgInit }, roster.ErrStatement},
		"another kind's body":    {w.Now, func(s *roster.Statement) { s.Kind = roster.KindPolicySet }, envelope.ErrEncoding},
		"no body":                {w.Now, func(s *roster.Statement) { s.Body = []byte("{}") }, envelope.ErrEncoding},
	} {
		if err := admit(c.at, c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if err := w.Roster.Append(envelope.Signed{Type: envelope.TypeStatement, Payload: make([]byte, 256<<10+1)}); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("an oversize statement: %v", err)
	}
}

func TestASignerWhoseClockWasAheadDoesNotEndTheLog(t *testing.T) {
	w := coretest.NewWorld(t)
	right := w.Now
	w.Now = right.Add(10 * 365 * 24 * time.Hour)
	w.AdmitConsumer("ahead", roster.ConsumerHost)
	w.Now = right
	w.AdmitConsumer("right", roster.ConsumerHost)
	st, err := envelope.Peek[roster.Statement](w.Log[2], envelope.TypeStatement)
	w.Must(err)
	if st.Time != envelope.At(right.Add(10*365*24*time.Hour)) {
		t.Errorf("time is %s", st.Time.Time())
	}
	w.Fold(0)
}

func TestTheFoldDoesNotDependOnHowTheLogArrived(t *testing.T) {
	w := coretest.NewWorld(t)
	a := w.Admit("alice")
	w.Append(roster.KindGroupSet, group("dba", person(a)))
	w.AdmitConsumer("host", roster.ConsumerHost)
	step := w.Fold(1)
	for _, s := range w.Log[1:] {
		w.Must(step.Append(s))
	}
	if step.Head() != w.Roster.Head() || !slices.EqualFunc(step.Approvers(), w.Roster.Approvers(), func(a, b *roster.Approver) bool { return a.ID == b.ID }) {
		t.Error("folded otherwise than appended")
	}
}
