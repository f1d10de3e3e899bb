package desk

import (
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// resharing is a re-share that the mount asks this approver to help with.
type resharing struct {
	notice approval.ReshareNotice
	c      *approval.ReshareCase
	look   *ReshareLook
	since  *ReshareMore // what stopped the last gesture, or nil
}

// Reshare is a re-share as the person is shown it before the one gesture for all of
// it. Who is to hold shares is this device's own roster's word; how many secrets
// there are, the broker's.
type Reshare struct {
	Hash    string         `json:"hash"`
	ID      string         `json:"id"`
	Policy  string         `json:"policy"`
	Pattern string         `json:"pattern"` // of the paths
	Created string         `json:"created"`
	Total   uint32         `json:"total"`
	Done    uint32         `json:"done"`  // by this approver
	Dealt   []string       `json:"dealt"` // who else has, by the broker's word
	To      []ReshareNeed  `json:"to"`
	Look    *ReshareLook   `json:"look"`    // null until the first page was looked at
	Since   *ReshareMore   `json:"since"`   // what stopped the last gesture, null where nothing did
	Dealing *DealingStatus `json:"dealing"` // null while no keyring is open for it
}

// ReshareNeed is a requirement: any m of the people.
type ReshareNeed struct {
	Name       string   `json:"name"`
	M          uint32   `json:"m"`
	BreakGlass bool     `json:"breakGlass"`
	People     []string `json:"people"`
}

// ReshareLook is what the versions that arrived so far show of how they are shared
// now.
type ReshareLook struct {
	From    []ReshareFrom    `json:"from"`
	Joins   []string         `json:"joins"`   // who holds no share yet, or none for their new keyring
	Leaves  []string         `json:"leaves"`  // who holds one and would not
	Refused []RefusedVersion `json:"refused"` // that did not pass; they are not dealt

	counted map[envelope.Hash]bool // headers
}

// ReshareFrom is one way in which versions are shared now.
type ReshareFrom struct {
	Needs   []ReshareNeed `json:"needs"`
	Secrets int           `json:"secrets"`
}

// RefusedVersion is a version that is not dealt, and why. Path is empty where it
// cannot be read.
type RefusedVersion struct {
	Path    string `json:"path"`
	Version uint64 `json:"version"`
	Name    string `json:"name"`
	Text    string `json:"text"`
}

// reshares reviews what the broker asks this approver to deal. One that does not
// pass is listed as refused.
func (d *Desk) reshares(notices []approval.ReshareNotice) {
	l := &d.listing
	before := l.reshares
	l.reshares, l.misfits = nil, nil
	if d.standing() != nil {
		return
	}
	for _, n := range notices {
		hash := n.Request.Hash()
		if findReshare(l.reshares, hash) != nil || n.Total == 0 {
			continue
		}
		rs := &resharing{notice: n}
		var err error
		if rs.c, err = d.reviewer().ReviewReshare(n.Request, d.now); err != nil {
			l.misfits = append(l.misfits, Refused{Hash: hash.String(), Name: Name(err), Text: Text(err)})
			continue
		}
		if was := findReshare(before, hash); was != nil && was.mark() == rs.mark() {
			rs.look, rs.since = was.look, was.since
		}
		l.reshares = append(l.reshares, rs)
	}
}

// mark stands for the re-share as it is shown: a gesture made for these people and
// their keyrings does not do for others.
func (rs *resharing) mark() envelope.Hash {
	var nobody envelope.ID
	parts := [][]byte{rs.c.Hash[:]}
	for _, people := range rs.c.People {
		for _, a := range people {
			parts = append(parts, a.ID[:], a.KEM)
		}
		parts = append(parts, nobody[:])
	}
	return envelope.SumHash(parts...)
}

func findReshare(list []*resharing, hash envelope.Hash) *resharing {
	i := slices.IndexFunc(list, func(rs *resharing) bool { return rs.c.Hash == hash })
	if i < 0 {
		return nil
	}
	return list[i]
}

// reshare returns a re-share that waits, by its hash.
func (d *Desk) reshare(hash string) (*resharing, error) {
	h, err := envelope.ParseHash(hash)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", ErrArguments)
	}
	if rs := findReshare(d.listing.reshares, h); rs != nil {
		return rs, nil
	}
	return nil, ErrNoRequest
}

func (d *Desk) reshareCards() []Reshare {
	list := []Reshare{}
	for _, rs := range d.listing.reshares {
		q, p := rs.c.Request, rs.c.Policy
		card := Reshare{
			Hash: rs.c.Hash.String(), ID: q.ID.String(), Policy: p.Name, Pattern: p.Pattern, Created: shown(q.Created),
			Total: rs.notice.Total, Done: min(rs.notice.Done, rs.notice.Total), To: []ReshareNeed{}, Look: rs.look, Since: rs.since,
		}
		card.Dealt = []string{}
		for _, id := range rs.notice.Dealt {
			card.Dealt = append(card.Dealt, d.nameOf(id))
		}
		slices.Sort(card.Dealt)
		for i, need := range p.All() {
			to := ReshareNeed{Name: need.Name, M: need.M, BreakGlass: i == len(p.Requirements), People: []string{}}
			for _, a := range rs.c.People[i] {
				to.People = append(to.People, a.Name)
			}
			card.To = append(card.To, to)
		}
		if g := d.dealing; g != nil && g.c.Hash == rs.c.Hash {
			card.Dealing = g.status()
		}
		list = append(list, card)
	}
	return list
}

type reshareCallArgs struct {
	Hash string `json:"hash"`
}

// reshareCall asks for a page of versions: the next one while they are dealt, the
// first one otherwise.
func (d *Desk) reshareCall(a reshareCallArgs) (*Call, error) {
	rs, err := d.reshare(a.Hash)
	if err != nil {
		return nil, err
	}
	var after envelope.Hash
	if d.dealing != nil && d.dealing.c.Hash == rs.c.Hash {
		after = d.dealing.after
	}
	signer := d.me.keys.Signer()
	defer signer.Wipe()
	call, err := approval.CallReshare(d.roster, d.me.Device, signer, rs.c.Hash, after, d.now)
	if err != nil {
		return nil, err
	}
	text, err := encoded(call)
	return &Call{text}, err
}

type resharePageArgs struct {
	Hash   string `json:"hash"`
	Call   string `json:"call"`
	Sealed string `json:"sealed"`
}

// resharePage opens the answer to a call for this re-share.
func (d *Desk) resharePage(c *approval.ReshareCase, a resharePageArgs) (*approval.ResharePage, error) {
	call, err := envelope.Decode[envelope.Signed]([]byte(a.Call))
	if err != nil {
		return nil, fmt.Errorf("call: %w", ErrArguments)
	}
	asked, err := envelope.Peek[approval.ReshareCall](call, envelope.TypeReshareCall)
	if err != nil || asked.Request != c.Hash {
		return nil, fmt.Errorf("call: %w", ErrArguments)
	}
	sealed, err := envelope.Decode[envelope.Envelope]([]byte(a.Sealed))
	if err != nil {
		return nil, fmt.Errorf("re-share: %w", err)
	}
	return approval.OpenReshare(d.roster, d.me.keys, d.me.Mount, call, sealed)
}
