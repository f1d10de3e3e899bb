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
	"github.com/stillvault/stillvault/core/secret"
)

// table is a scene of two of three whose fourth joins, with a mount that has asked
// for the re-share.
type table struct {
	*scene
	mount   *coretest.Consumer
	reshare envelope.Signed
}

func newTable(t testing.TB) *table {
	t.Helper()
	s := newScene(t, 4, func(p []*coretest.Person) []roster.Requirement {
		return []roster.Requirement{coretest.Need("dba", 2, p[:3]...)}
	}, nil)
	b := &table{scene: s, mount: s.AdmitConsumer("mount", roster.ConsumerMount)}
	s.policy(func(p *roster.Policy) { p.Requirements = []roster.Requirement{coretest.Need("dba", 2, s.people...)} })
	b.ask()
	return b
}

func (b *table) ask() {
	b.T.Helper()
	policy, err := b.Roster.PolicyFor("prod/db")
	b.Must(err)
	b.reshare, err = approval.AskReshare(b.Roster, policy.ID, b.Mount, b.mount.ID, b.mount.Signer, b.Now)
	b.Must(err)
}

func (b *table) reviewer(p *coretest.Person) approval.Reviewer {
	return approval.Reviewer{Roster: b.Roster, Mount: b.Mount, Approver: p.ID, Device: p.Device.ID()}
}

// deal has somebody answer for the scene's version.
func (b *table) deal(p *coretest.Person, epoch uint32, l approval.Ledger) approval.ReshareAnswer {
	b.T.Helper()
	c, err := b.reviewer(p).ReviewReshare(b.reshare, b.Now)
	b.Must(err)
	v, err := c.Verify(approval.ReshareItem{Version: *b.version.WithoutPayload(), Epoch: epoch})
	b.Must(err)
	a, err := c.Deal([]*secret.Verified{v}, []uint32{epoch}, []*keyring.Keyring{p.Keyring}, p.Device.Signer(), l, b.Now)
	b.Must(err)
	return a
}

// compose has people deal, and puts the next epoch together as the mount does.
func (b *table) compose(epoch uint32, dealers ...*coretest.Person) *secret.Verified {
	b.T.Helper()
	var deals []secret.Dealt
	for _, p := range dealers {
		a := b.deal(p, epoch, approval.Ledger{})
		_, err := approval.ReadReshareAnswer(b.Roster, b.reshare, a, b.Now)
		b.Must(err)
		deals = append(deals, a.Deals...)
	}
	next, err := b.version.Reshare(b.Roster, b.Mount, "prod/db", deals)
	b.Must(err)
	b.version = next
	v, err := next.Verify(b.Roster, b.Mount, "prod/db")
	b.Must(err)
	return v
}

func TestSharesAreDealtAnewFromAskingToOpening(t *testing.T) {
	b := newTable(t)
	p := b.people[0]
	c, err := b.reviewer(p).ReviewReshare(b.reshare, b.Now)
	b.Must(err)
	if c.Policy.Name != "production" || len(c.People) != 1 || len(c.People[0]) != 4 || c.Hash != b.reshare.Hash() {
		t.Error("the case shows something else")
	}
	call, err := approval.CallReshare(b.Roster, p.Device.ID(), p.Device.Signer(), c.Hash, envelope.Hash{}, b.Now)
	b.Must(err)
	read, device, err := approval.ReadReshareCall(b.Roster, call, b.Now)
	b.Must(err)
	if read.Request != c.Hash || !read.After.IsZero() || device.Device != p.Device.ID() {
		t.Error("the call asks for something else")
	}
	sealed, err := approval.SealReshare(device, b.Mount, call, approval.ResharePage{Items: []approval.ReshareItem{{Version: *b.version.WithoutPayload(), Epoch: 1}}, More: true})
	b.Must(err)
	page, err := approval.OpenReshare(b.Roster, p.Device, b.Mount, call, sealed)
	b.Must(err)
	if len(page.Items) != 1 || page.Items[0].Epoch != 1 || len(page.Items[0].Version.Payload.Bytes) != 0 || !page.More {
		t.Error("something else arrived")
	}
	if _, err := approval.OpenReshare(b.Roster, b.people[1].Device, b.Mount, call, sealed); !errors.Is(err, envelope.ErrOpen) {
		t.Errorf("another device: %v", err)
	}
	b.verified = b.compose(1, b.people[0], b.people[2])
	b.pending, b.request, err = approval.Ask(b.Roster, b.verified, b.consumer.ID, b.consumer.Signer, approval.Terms{Origin: origin, Reason: "incident 8"}, b.Now)
	b.Must(err)
	b.asked, _, err = approval.ReadRequest(b.Roster, b.request, b.Now)
	b.Must(err)
	for i, who := range []int{3, 1} {
		out, err := b.accept(b.approve(b.people[who]))
		b.Must(err)
		if (out.Value != nil) != (i == 1) || out.Receipt.WrapSet != b.verified.WrapSet {
			t.Errorf("after %d releases: opened %t", i+1, out.Value != nil)
		}
	}
}

func TestAReshareIsTheMountsForThePolicyInForce(t *testing.T) {
	for name, k := range map[string]struct {
		act  func(*table)
		want error
	}{
		"as asked":             {func(*table) {}, nil},
		"something unrelated":  {func(b *table) { b.AdmitConsumer("other", roster.ConsumerCI) }, nil},
		"another text":         {func(b *table) { b.policy(func(p *roster.Policy) { p.RequestTTL++ }) }, approval.ErrReshare},
		"the mount revoked":    {func(b *table) { b.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: b.mount.ID}) }, roster.ErrRevoked},
		"the approver revoked": {func(b *table) { b.Append(roster.KindApproverRevoke, roster.Removal{ID: b.people[0].ID}) }, roster.ErrRevoked},
		"the device revoked":   {func(b *table) { b.Append(roster.KindDeviceRevoke, roster.Removal{ID: b.people[0].Device.ID()}) }, roster.ErrRevoked},
		"another's device":     {func(b *table) { b.people[0].Device = b.people[1].Device }, approval.ErrDevice},
		"from the future":      {func(b *table) { b.Now = b.Now.Add(-approval.MaxClockSkew - time.Second) }, approval.ErrFuture},
		"a little ahead":       {func(b *table) { b.Now = b.Now.Add(-approval.MaxClockSkew) }, nil},
		"long ago":             {func(b *table) { b.Now = b.Now.Add(1000 * time.Hour) }, nil},
		"people too few": {func(b *table) {
			for _, p := range b.people[1:] {
				b.Append(roster.KindApproverRevoke, roster.Removal{ID: p.ID})
			}
		}, roster.ErrUnmeetable},
		"a checkpoint expired": {func(b *table) {
			b.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(b.Now) + 1})
			b.Now = b.Now.Add(time.Second)
		}, roster.ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTable(t)
			k.act(b)
			if _, err := b.reviewer(b.people[0]).ReviewReshare(b.reshare, b.Now); !errors.Is(err, k.want) {
				t.Errorf("got %v, want %v", err, k.want)
			}
		})
	}
}

// One gesture deals what a person was shown, however the roster grows meanwhile.
func TestAGestureIsForThePeopleShown(t *testing.T) {
	for name, k := range map[string]struct {
		meanwhile func(*table)
		want      error
	}{
		"nothing":           {func(*table) {}, nil},
		"a statement":       {func(b *table) { b.AdmitConsumer("other", roster.ConsumerCI) }, nil},
		"another text":      {func(b *table) { b.policy(func(p *roster.Policy) { p.LeaseTTL++ }) }, approval.ErrReshare},
		"somebody less":     {func(b *table) { b.Append(roster.KindApproverRevoke, roster.Removal{ID: b.people[3].ID}) }, approval.ErrReshare},
		"oneself revoked":   {func(b *table) { b.Append(roster.KindApproverRevoke, roster.Removal{ID: b.people[0].ID}) }, roster.ErrRevoked},
		"the mount revoked": {func(b *table) { b.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: b.mount.ID}) }, roster.ErrRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTable(t)
			p := b.people[0]
			c, err := b.reviewer(p).ReviewReshare(b.reshare, b.Now)
			b.Must(err)
			v, err := c.Verify(approval.ReshareItem{Version: *b.version, Epoch: 1})
			b.Must(err)
			k.meanwhile(b)
			_, err = c.Deal([]*secret.Verified{v}, []uint32{1}, []*keyring.Keyring{p.Keyring}, p.Device.Signer(), approval.Ledger{}, b.Now)
			if !errors.Is(err, k.want) {
				t.Errorf("got %v, want %v", err, k.want)
			}
		})
	}
}

func TestAPageIsDealtWithTheKeysOfWhoReviewed(t *testing.T) {
	b := newTable(t)
	p, other := b.people[0], b.people[1]
	c, err := b.reviewer(p).ReviewReshare(b.reshare, b.Now)
	b.Must(err)
	v, err := c.Verify(approval.ReshareItem{Version: *b.version, Epoch: 1})
	b.Must(err)
	one, epoch := []*secret.Verified{v}, []uint32{1}
	many := make([]*secret.Verified, approval.MaxDeals+1)
	for name, k := range map[string]struct {
		versions []*secret.Verified
		epochs   []uint32
		keyrings []*keyring.Keyring
		device   envelope.Signer
		want     error
	}{
		"both mine":         {one, epoch, []*keyring.Keyring{p.Keyring}, p.Device.Signer(), nil},
		"another's keyring": {one, epoch, []*keyring.Keyring{other.Keyring}, p.Device.Signer(), keyring.ErrOwner},
		"another's device":  {one, epoch, []*keyring.Keyring{p.Keyring}, other.Device.Signer(), approval.ErrDevice},
		"no keyring":        {one, epoch, nil, p.Device.Signer(), approval.ErrReshare},
		"no version":        {nil, nil, []*keyring.Keyring{p.Keyring}, p.Device.Signer(), approval.ErrReshare},
		"no epoch":          {one, nil, []*keyring.Keyring{p.Keyring}, p.Device.Signer(), approval.ErrReshare},
		"too many":          {many, make([]uint32, len(many)), []*keyring.Keyring{p.Keyring}, p.Device.Signer(), approval.ErrReshare},
		"an epoch past":     {one, []uint32{0}, []*keyring.Keyring{p.Keyring}, p.Device.Signer(), secret.ErrDeal},
	} {
		if _, err := c.Deal(k.versions, k.epochs, k.keyrings, k.device, approval.Ledger{}, b.Now); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

// After a rekey the old keyring deals what is sealed to it, and the new one signs.
func TestAnOldKeyringDealsWhatIsSealedToIt(t *testing.T) {
	b := newTable(t)
	p, old := b.people[0], b.people[0].Keyring
	renewed, err := keyring.New(b.Roster.Organisation(), p.ID, 2)
	b.Must(err)
	public, err := renewed.Public()
	b.Must(err)
	b.Append(roster.KindApproverRekey, roster.ApproverRekey{ID: p.ID, KEM: public.KEM, Signing: public.Signing, Generation: 2, Factors: []keyring.FactorKind{keyring.FactorSoftware}})
	p.Keyring, p.Device = renewed, keyring.NewDevice()
	b.Append(roster.KindDeviceAdmit, roster.DeviceAdmit{Certificate: b.Certify(p, p.Device, "again")})
	c, err := b.reviewer(p).ReviewReshare(b.reshare, b.Now)
	b.Must(err)
	v, err := c.Verify(approval.ReshareItem{Version: *b.version, Epoch: 1})
	b.Must(err)
	deal := func(keyrings ...*keyring.Keyring) (approval.ReshareAnswer, error) {
		return c.Deal([]*secret.Verified{v}, []uint32{1}, keyrings, p.Device.Signer(), approval.Ledger{}, b.Now)
	}
	if _, err := deal(renewed); !errors.Is(err, secret.ErrNotHolder) {
		t.Errorf("without the old keyring: %v", err)
	}
	if _, err := deal(old); !errors.Is(err, keyring.ErrOwner) {
		t.Errorf("with the old one alone: %v", err)
	}
	a, err := deal(renewed, old)
	b.Must(err)
	if _, err := approval.ReadReshareAnswer(b.Roster, b.reshare, a, b.Now); err != nil {
		t.Error(err)
	}
	deals := append(a.Deals, b.deal(b.people[1], 1, approval.Ledger{}).Deals...)
	next, err := b.version.Reshare(b.Roster, b.Mount, "prod/db", deals)
	b.Must(err)
	now, err := next.Verify(b.Roster, b.Mount, "prod/db")
	b.Must(err)
	if _, err := now.OpenShare(renewed); err != nil {
		t.Errorf("the new keyring: %v", err)
	}
	if _, err := now.OpenShare(old); err == nil || errors.Is(err, secret.ErrDealer) {
		t.Errorf("the old keyring at the new shares: %v", err)
	}
}
