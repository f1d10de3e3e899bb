package desk_test

import (
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// vault is the broker's side of a re-share: versions under one policy, what it asks
// for, and the deals that came.
type vault struct {
	*office
	request  envelope.Signed
	versions []*secret.Version
	deals    map[envelope.Hash][]secret.Dealt // by header
	page     int
	dealt    []approval.ReshareAnswer
	claims   uint32 // how many versions it says there are, where that is not so
	// bent may change a page before it is sealed.
	bent func(*approval.ResharePage)
}

// reshares makes some versions under the policy in force, changes the policy, and
// has the mount ask for a re-share.
func (o *office) reshares(paths []string, edit func(*roster.Policy)) *vault {
	o.T.Helper()
	v := &vault{office: o, deals: map[envelope.Hash][]secret.Dealt{}, page: 2}
	for _, path := range paths {
		v.versions = append(v.versions, o.sealed(path))
	}
	p, err := o.Roster.PolicyFor("prod/db")
	o.Must(err)
	changed := *p
	edit(&changed)
	o.SetPolicy(changed)
	mount := o.AdmitConsumer("vault", roster.ConsumerMount)
	v.request, err = approval.AskReshare(o.Roster, p.ID, o.Mount, mount.ID, mount.Signer, o.Now)
	o.Must(err)
	o.vault = v
	return v
}

// notices are what the inbox says.
func (v *vault) notices() []approval.ReshareNotice {
	if v == nil {
		return nil
	}
	n := approval.ReshareNotice{Request: v.request, Total: uint32(len(v.versions))}
	if v.claims > 0 {
		n.Total = v.claims
	}
	for _, one := range v.versions {
		if len(v.deals[one.Header.Hash()]) > 0 {
			n.Done++
		}
	}
	return []approval.ReshareNotice{n}
}

// answerPage answers a device's call for a page: what was not dealt, after what it
// was shown.
func (v *vault) answerPage(call string) string {
	v.T.Helper()
	s, err := envelope.Decode[envelope.Signed]([]byte(call))
	v.Must(err)
	c, device, err := approval.ReadReshareCall(v.Roster, s, v.Now)
	v.Must(err)
	page, after := approval.ResharePage{Items: []approval.ReshareItem{}}, c.After.IsZero()
	for _, one := range v.versions {
		hash := one.Header.Hash()
		switch {
		case !after:
			after = hash == c.After
		case len(v.deals[hash]) > 0:
		case len(page.Items) == v.page:
			page.More = true
		default:
			page.Items = append(page.Items, approval.ReshareItem{Version: *one.WithoutPayload(), Epoch: 1})
		}
	}
	if v.bent != nil {
		v.bent(&page)
	}
	sealed, err := approval.SealReshare(device, v.Mount, s, page)
	v.Must(err)
	text, err := envelope.Encode(sealed)
	v.Must(err)
	return string(text)
}

// take keeps the deals of an answer.
func (v *vault) take(answer string) {
	v.T.Helper()
	a, err := envelope.Decode[approval.ReshareAnswer]([]byte(answer))
	v.Must(err)
	_, err = approval.ReadReshareAnswer(v.Roster, v.request, a, v.Now)
	v.Must(err)
	for i, d := range a.Deals {
		header := a.Reshared[i].Header
		at := slices.IndexFunc(v.versions, func(one *secret.Version) bool { return one.Header.Hash() == header })
		verified, err := v.versions[at].VerifyHistory(v.Roster, v.Mount, a.Reshared[i].Path)
		v.Must(err)
		_, err = verified.ReadDeal(v.Roster, d)
		v.Must(err)
		v.deals[header] = append(v.deals[header], d)
	}
	v.dealt = append(v.dealt, a)
}

// opens puts the deals of a version together and has people open it.
func (v *vault) opens(i int, people ...*coretest.Person) error {
	v.T.Helper()
	one := v.versions[i]
	path := v.path(i)
	next, err := one.Reshare(v.Roster, v.Mount, path, v.deals[one.Header.Hash()])
	if err != nil {
		return err
	}
	verified, err := next.Verify(v.Roster, v.Mount, path)
	v.Must(err)
	var shares []*secret.Share
	for _, p := range people {
		own, err := verified.OpenShare(p.Keyring)
		v.Must(err)
		seat, err := verified.Seat(p.ID)
		v.Must(err)
		share, err := verified.ReadShare(own.Reveal(), seat)
		v.Must(err)
		shares = append(shares, share)
	}
	_, err = verified.Combine(shares)
	return err
}

func (v *vault) path(i int) string {
	h, err := envelope.Peek[secret.Header](v.versions[i].Header, envelope.TypeHeader)
	v.Must(err)
	return h.Path
}
