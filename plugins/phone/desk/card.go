package desk

import (
	"slices"

	"github.com/stillvault/stillvault/core/approval"
)

// Card is a request that passed review, as the person is shown it. Everything but
// what Reported covers was signed by the consumer or the organisation.
type Card struct {
	Hash           string         `json:"hash"`
	ID             string         `json:"id"`
	Path           string         `json:"path"`
	Version        uint64         `json:"version"`
	Requester      string         `json:"requester"`
	Reported       bool           `json:"reported"` // requester, entity and remote are Vault's word
	Entity         string         `json:"entity"`
	Remote         string         `json:"remote"`
	Host           string         `json:"host"`
	Executable     string         `json:"executable"`
	ExecutableHash string         `json:"executableHash"` // empty if unknown
	UID            int64          `json:"uid"`            // −1 if unknown
	PID            int64          `json:"pid"`            // −1 if unknown
	Consumer       string         `json:"consumer"`
	ConsumerKind   string         `json:"consumerKind"`
	Reason         string         `json:"reason"`
	Created        string         `json:"created"`
	Deadline       string         `json:"deadline"`
	Lease          uint32         `json:"lease"` // seconds from the approval
	Policy         string         `json:"policy"`
	BreakGlass     bool           `json:"breakGlass"` // asks those alone whom the policy names for that
	Requirements   []CardNeed     `json:"requirements"`
	Tally          string         `json:"tally"` // in a few words; empty where one person is enough
	Decisions      []CardDecision `json:"decisions"`
	MatchCode      string         `json:"matchCode"` // to be compared; empty where it has to be typed
	TypeCode       bool           `json:"typeCode"`
	ConsentFirst   bool           `json:"consentFirst"`
	Consented      bool           `json:"consented"` // by this approver
	Agreed         bool           `json:"agreed"`    // everybody needed has consented
	Muted          string         `json:"muted"`     // until when it is quiet here; empty if it is not
}

// CardNeed is a requirement of the policy: m of these people, who hold the
// shares that it counts. Decided are those of them who approved, or consented
// while that is what is waited for, and Have counts them. Missing are the others,
// as long as one of them is needed.
type CardNeed struct {
	Name    string   `json:"name"`
	M       uint32   `json:"m"`
	Have    uint32   `json:"have"`
	People  []string `json:"people"`
	Decided []string `json:"decided"`
	Missing []string `json:"missing"`
}

// CardDecision is what somebody decided, proven by their receipt.
type CardDecision struct {
	Approver string `json:"approver"`
	Device   string `json:"device"`
	Decision string `json:"decision"`
	Time     string `json:"time"`
	Reason   string `json:"reason"`
}

// card makes the card of a reviewed request. The match code is computed once: it
// takes 64 MiB. Where the person has to type it, it is not on the card, or they
// would copy it from there.
func (d *Desk) card(c *approval.Case) Card {
	q, o := c.Request, c.Request.Origin
	card := Card{
		Hash: c.Hash.String(), ID: q.ID.String(), Path: q.Path, Version: q.Version,
		Requester: o.Requester, Reported: o.Reported, Entity: o.Entity, Remote: o.Remote, Host: o.Host,
		Executable: o.Executable, UID: o.UID, PID: o.PID,
		Consumer: c.Consumer.Name, ConsumerKind: string(c.Consumer.Kind), Reason: q.Reason,
		Created: shown(q.Created), Deadline: shown(q.Deadline), Lease: q.LeaseFor(c.Policy), Policy: c.Policy.Name,
		TypeCode: c.Policy.MatchCode, ConsentFirst: c.Policy.ConsentFirst,
		Consented: c.ConsentedBy(d.me.Approver) || d.decided(c.ConsentMark()), Agreed: c.Agreed(),
		Decisions: []CardDecision{}, BreakGlass: q.BreakGlass,
	}
	card.Requirements, card.Tally = d.needs(c)
	if !o.ExecutableHash.IsZero() {
		card.ExecutableHash = o.ExecutableHash.String()
	}
	for i := range c.Decisions {
		card.Decisions = append(card.Decisions, d.decision(&c.Decisions[i]))
	}
	if !card.TypeCode {
		code, known := d.listing.codes[c.Hash]
		if !known {
			code = c.MatchCode()
			d.listing.codes[c.Hash] = code
		}
		card.MatchCode = code
	}
	return card
}

func (d *Desk) decision(rec *approval.Receipt) CardDecision {
	shownAs := CardDecision{
		Approver: d.nameOf(rec.Approver), Device: rec.Device.String(), Decision: string(rec.Decision),
		Time: shown(rec.Time), Reason: rec.Reason,
	}
	if device, err := d.roster.FormerDevice(rec.Device); err == nil {
		shownAs.Device = device.Name
	}
	return shownAs
}

// needs are the requirements that answer the request, as the version's shares
// enforce them: whoever qualifies for several of them holds a share of one, and
// counts there.
func (d *Desk) needs(c *approval.Case) (needs []CardNeed, summary string) {
	counted := approval.Approve
	if c.Policy.ConsentFirst && !c.Agreed() {
		counted = approval.Consent
	}
	tally := c.Tally(counted)
	needs = []CardNeed{}
	for i, access := range c.Version.Access {
		if access.BreakGlass != c.Request.BreakGlass {
			continue
		}
		need := CardNeed{Name: access.Name, M: access.M, People: []string{}, Decided: []string{}, Missing: []string{}}
		decided := tally[len(needs)].People
		for _, s := range c.Version.Seats {
			if a, err := d.roster.Approver(s.Approver); err == nil && s.Requirement == uint32(i) && a.Generation == s.Generation {
				need.count(a.Name, slices.Contains(decided, s.Approver))
			}
		}
		needs = append(needs, need.whole())
	}
	if len(needs) == 1 && needs[0].M == 1 {
		return needs, ""
	}
	return needs, approval.Summary(tally)
}

func (n *CardNeed) count(name string, decided bool) {
	n.People = append(n.People, name)
	if decided {
		n.Decided = append(n.Decided, name)
		n.Have++
	} else {
		n.Missing = append(n.Missing, name)
	}
}

// whole leaves out who is not needed any more.
func (n CardNeed) whole() CardNeed {
	if n.Have >= n.M {
		n.Missing = []string{}
	}
	return n
}
