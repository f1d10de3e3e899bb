package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// denials has somebody deny the request n times, as a device that lost count of
// nothing does.
func (s *scene) denials(p *coretest.Person, n int) (all []envelope.Signed) {
	var l approval.Ledger
	for range n {
		c, err := s.review(p)
		s.Must(err)
		rel, err := c.Deny("no", false, p.Device.Signer(), l, s.Now)
		s.Must(err)
		l = l.After(rel.Receipt)
		all = append(all, rel.Receipt)
	}
	return all
}

func TestReceiptsChainByDevice(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	a, b := s.denials(s.people[0], 4), s.denials(s.people[1], 2)
	other := s.denials(s.people[0], 1)[0] // the same number and text as the first
	c, err := s.review(s.people[0])
	s.Must(err)
	twin, err := c.Deny("another", false, s.people[0].Device.Signer(), approval.Ledger{}, s.Now)
	s.Must(err)
	for name, k := range map[string]struct {
		receipts []envelope.Signed
		want     error
	}{
		"none":                    {nil, nil},
		"all":                     {append(append([]envelope.Signed{}, a...), b...), nil},
		"in any order":            {[]envelope.Signed{b[1], a[2], a[0], b[0], a[3], a[1]}, nil},
		"one shown twice":         {[]envelope.Signed{a[0], a[1], other}, nil},
		"the end missing":         {a[:2], nil}, // shows only against the device's ledger
		"the first missing":       {a[1:], approval.ErrReceipts},
		"one missing":             {[]envelope.Signed{a[0], a[1], a[3]}, approval.ErrReceipts},
		"one missing of another":  {[]envelope.Signed{a[0], a[1], b[1]}, approval.ErrReceipts},
		"two with one number":     {[]envelope.Signed{a[0], twin.Receipt}, approval.ErrReceipts},
		"one after another first": {[]envelope.Signed{twin.Receipt, a[1]}, approval.ErrReceipts},
		"something else":          {[]envelope.Signed{a[0], s.request}, envelope.ErrPayloadType},
	} {
		if err := approval.VerifyChains(s.Roster, k.receipts); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

func TestAReceiptIsAllThere(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	approved := s.approve(s.people[0]).Receipt
	denied := s.denials(s.people[0], 1)[0]
	signer, err := s.people[0].Keyring.Signer()
	s.Must(err)
	read := func(m envelope.Signed, change func(*approval.Receipt)) error {
		rec, err := envelope.Peek[approval.Receipt](m, envelope.TypeReceipt)
		s.Must(err)
		change(&rec)
		signers := []envelope.Signer{s.people[0].Device.Signer()}
		if rec.Decision != approval.Deny {
			signers = append(signers, signer)
		}
		changed, err := envelope.Sign(envelope.TypeReceipt, rec, signers...)
		s.Must(err)
		_, err = approval.ReadReceipt(s.Roster, changed)
		return err
	}
	for name, k := range map[string]struct {
		receipt envelope.Signed
		change  func(*approval.Receipt)
		want    error
	}{
		"an approval":              {approved, func(*approval.Receipt) {}, nil},
		"a denial":                 {denied, func(*approval.Receipt) {}, nil},
		"an unknown decision":      {approved, func(r *approval.Receipt) { r.Decision = "perhaps" }, approval.ErrRelease},
		"an unknown form":          {approved, func(r *approval.Receipt) { r.Form = "letter" }, approval.ErrRelease},
		"an approval of no form":   {approved, func(r *approval.Receipt) { r.Form = "" }, approval.ErrRelease},
		"an approval of nothing":   {approved, func(r *approval.Receipt) { r.Blob = envelope.Hash{} }, approval.ErrRelease},
		"an approval of no lease":  {approved, func(r *approval.Receipt) { r.Lease = 0 }, approval.ErrRelease},
		"an approval with reasons": {approved, func(r *approval.Receipt) { r.Reason = "because" }, approval.ErrRelease},
		"a payload with an x":      {approved, func(r *approval.Receipt) { r.X = 1 }, approval.ErrRelease},
		"a share without an x":     {approved, func(r *approval.Receipt) { r.Form = approval.FormShare }, approval.ErrRelease},
		"a payload's requirement":  {approved, func(r *approval.Receipt) { r.Requirement = 1 }, approval.ErrRelease},
		"a consent with a lease":   {approved, func(r *approval.Receipt) { r.Decision, r.Form, r.Blob = approval.Consent, "", envelope.Hash{} }, approval.ErrRelease},
		"a denial with a lease":    {denied, func(r *approval.Receipt) { r.Lease = 1 }, approval.ErrRelease},
		"a denial with a blob":     {denied, func(r *approval.Receipt) { r.Blob[0] = 1 }, approval.ErrRelease},
		"a denial with a form":     {denied, func(r *approval.Receipt) { r.Form = approval.FormPayload }, approval.ErrRelease},
		"number 0":                 {denied, func(r *approval.Receipt) { r.Counter = 0 }, approval.ErrReceipts},
		"a first with another":     {denied, func(r *approval.Receipt) { r.Previous[0] = 1 }, approval.ErrReceipts},
		"a second without":         {denied, func(r *approval.Receipt) { r.Counter = 2 }, approval.ErrReceipts},
		"another generation":       {denied, func(r *approval.Receipt) { r.Generation = 2 }, approval.ErrDevice},
		"another's device":         {denied, func(r *approval.Receipt) { r.Device = s.people[1].Device.ID() }, approval.ErrDevice},
		"nobody's device":          {denied, func(r *approval.Receipt) { r.Device = envelope.NewID() }, roster.ErrUnknown},
		"nobody":                   {denied, func(r *approval.Receipt) { r.Approver = envelope.NewID() }, roster.ErrUnknown},
		"another organisation":     {denied, func(r *approval.Receipt) { r.Organisation[0] ^= 1 }, roster.ErrOrganisation},
		"before the device":        {denied, func(r *approval.Receipt) { r.Roster = s.Fold(2).Head() }, roster.ErrUnknown},
		"an unseen statement":      {denied, func(r *approval.Receipt) { r.Roster.Seq++ }, roster.ErrBehind},
	} {
		if err := read(k.receipt, k.change); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

func TestEvidenceOutlivesThoseWhoGaveIt(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	p := s.people[0]
	e := approval.Evidence{Receipt: s.approve(p).Receipt, Request: s.request}
	public := func(generation uint32) keyring.Public {
		k, err := keyring.New(s.Roster.Organisation(), p.ID, generation)
		s.Must(err)
		public, err := k.Public()
		s.Must(err)
		return public
	}
	for _, step := range []struct {
		name string
		kind roster.Kind
		body func() any
	}{
		{"at once", "", nil},
		{"after a rekey", roster.KindApproverRekey, func() any {
			k := public(2)
			return roster.ApproverRekey{ID: p.ID, KEM: k.KEM, Signing: k.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorSoftware}}
		}},
		{"after the approver left", roster.KindApproverRevoke, func() any { return roster.Removal{ID: p.ID} }},
		{"after the consumer left", roster.KindConsumerRevoke, func() any { return roster.ConsumerRevoke{ID: s.consumer.ID} }},
		{"after the consumer's key leaked", roster.KindConsumerRevoke, func() any { return roster.ConsumerRevoke{ID: s.consumer.ID, Compromised: true} }},
	} {
		if step.body != nil {
			s.Append(step.kind, step.body())
		}
		f, err := e.Verify(s.Roster)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if f.Approver.Name != p.Name || f.Device.Device != p.Device.ID() || f.Consumer.Name != "deploy-host" ||
			f.Receipt.Decision != approval.Approve || f.Request.Reason != "incident 7" {
			t.Errorf("%s: it proves something else", step.name)
		}
	}
	if f, err := e.Verify(s.Roster); err != nil || !f.Consumer.Compromised {
		t.Errorf("the finding does not say that the consumer's key leaked: %v", err)
	}
}

func TestAnInboxIsAnsweredToTheDeviceThatAsked(t *testing.T) {
	s := newScene(t, 2, anyOf, nil)
	p := s.people[0]
	for wait, want := range map[time.Duration]uint32{-time.Second: 0, 0: 0, time.Second: 1000, time.Hour: 10_000} {
		call, err := approval.CallInbox(s.Roster, p.Device.ID(), p.Device.Signer(), envelope.ID{}, wait, s.Now)
		s.Must(err)
		read, device, err := approval.ReadInboxCall(s.Roster, call, s.Now)
		s.Must(err)
		if read.Wait != want || device.Device != p.Device.ID() {
			t.Errorf("wait %s: got %d ms", wait, read.Wait)
		}
		sealed, err := approval.SealInbox(device, s.Mount, call, approval.Inbox{Log: s.Log, Items: []approval.Item{{Request: s.request, Version: *s.version, Decisions: []envelope.Signed{}}}, More: true})
		s.Must(err)
		in, err := approval.OpenInbox(s.Roster, p.Device, s.Mount, call, sealed)
		s.Must(err)
		if len(in.Log) != len(s.Log) || len(in.Items) != 1 || !in.More || in.Items[0].Request.Hash() != s.request.Hash() {
			t.Error("something else arrived")
		}
		if _, err := approval.OpenInbox(s.Roster, s.people[1].Device, s.Mount, call, sealed); !errors.Is(err, envelope.ErrOpen) {
			t.Errorf("another device: %v", err)
		}
	}
	call, err := approval.CallInbox(s.Roster, p.Device.ID(), p.Device.Signer(), envelope.ID{}, 0, s.Now)
	s.Must(err)
	for skew, want := range map[time.Duration]error{
		0: nil, approval.MaxClockSkew: nil, -approval.MaxClockSkew: nil,
		approval.MaxClockSkew + time.Millisecond: approval.ErrInbox, -approval.MaxClockSkew - time.Millisecond: approval.ErrInbox,
	} {
		if _, _, err := approval.ReadInboxCall(s.Roster, call, s.Now.Add(skew)); !errors.Is(err, want) {
			t.Errorf("clocks %s apart: got %v, want %v", skew, err, want)
		}
	}
}
