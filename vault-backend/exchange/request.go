package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// keepEnded is how long an ended request is remembered after its deadline, so
// that people and late answers can still be told how it ended.
const keepEnded = 10 * time.Minute

// maxOver is how many ended mount requests are remembered at most.
const maxOver = 20000

// request is one request from its opening until nobody needs to know of it any
// more. There may be many at once, so it holds no more than what its answer
// takes: of the version what releases are held against, and neither the value
// nor the decoded request.
type request struct {
	// What never changes.
	id       envelope.ID
	hash     envelope.Hash
	header   envelope.Hash // of the version
	signed   envelope.Signed
	key      key    // the zero key for a host's
	who      string // requester, as in key
	entity   string
	path     string
	version  uint64
	latest   bool // was asked for as the latest version
	consumer envelope.ID
	author   envelope.ID
	policy   envelope.ID
	access   []secret.Access
	code     code
	glass    bool          // breaks the glass: of access, only that requirement counts
	wrapSet  envelope.Hash // that it is answered under, see shares.go
	epochs   int           // re-shares up to that wrap set
	created  envelope.Time
	deadline envelope.Time
	done     chan struct{} // closed when the state is no longer Waiting

	// Guarded by the request's stripe.
	pending  *approval.Pending // nil for a host's, and once wiped
	verified *secret.Verified  // what it asks for; nil once ended
	names    []recorded        // receipts that are on record, or about to be

	// Guarded by mu.
	state      State
	cause      error // why it ended, unless approved
	order      uint64
	policyHash envelope.Hash // of the policy that seats were found under
	seats      []seat
	answers    []answer
	fresh      *secret.Value // opened by the last answer, for the first reader to wake
	waiters    int
	held       bool // approved, and the key still there
	handed     bool
	superseded bool // a newer version was written, and latest was asked for
	lease      uint32
	approved   envelope.Time
	ended      envelope.Time // when it stopped waiting
	ending     uint64        // counts the ends, from 1
	at         envelope.Time // when the agenda looks at it next
	place      int           // in the agenda, from 1; 0 if not on it
}

// seat is a holder of a share of the requested version, for a requirement that
// counts. may says whether they are entitled to answer, by the roster as it is now.
type seat struct {
	approver    envelope.ID
	generation  uint32
	requirement uint32
	may         bool
}

// answer is a decision that counted.
type answer struct {
	receipt     envelope.Signed
	hash        envelope.Hash
	approver    envelope.ID
	name        string // the approver's
	device      envelope.ID
	decision    approval.Decision
	requirement uint32
	lease       uint32
	reason      string
	time        envelope.Time
	vetted      *approval.Vetted // approvals of mount requests, until the key is dropped
}

// key says which reads share a request: those of one requester for one version
// with the same words.
type key struct {
	who     string
	path    string
	reason  string
	version uint64
	lease   uint32
	glass   bool
}

// newRequest returns a request for a verified version that waits. q is what
// signed says.
func newRequest(signed envelope.Signed, hash envelope.Hash, q *approval.Request, v *secret.Verified, who string) *request {
	signed.Payload = bytes.Clone(signed.Payload) // as long as it is, and no longer
	r := &request{
		id: q.ID, hash: hash, header: q.Header, signed: signed, who: who, entity: q.Origin.Entity, path: q.Path, version: q.Version,
		consumer: q.Consumer, author: v.Header.Author, policy: q.Policy,
		access: v.Access, glass: q.BreakGlass, wrapSet: v.WrapSet, created: q.Created, deadline: q.Deadline,
		done: make(chan struct{}), state: Waiting, verified: v.Slim(),
	}
	r.code.wanted = v.Policy != nil && v.Policy.MatchCode
	r.seats = r.seatsIn(v)
	return r
}

// host says whether a host made the request, rather than the mount.
func (r *request) host() bool { return r.key == key{} }

// read returns what the request says. That it is canonical was verified when it
// was opened.
func (r *request) read() (*approval.Request, error) {
	q := new(approval.Request)
	if err := json.Unmarshal(r.signed.Payload, q); err != nil {
		return nil, fmt.Errorf("read request %s: %w", r.id, err)
	}
	return q, nil
}

// wipe drops the request's key and what came in for it. Its stripe is held.
func (r *request) wipe() {
	r.pending.Wipe()
	r.pending, r.verified = nil, nil
}

// dropValue wipes a value that nobody took. mu is held.
func (r *request) dropValue() {
	r.fresh.Wipe()
	r.fresh = nil
}

// decided says whether an approver has nothing more to say. With consent_first
// somebody who consented is asked again once everybody needed has. mu is held.
func (r *request) decided(approver envelope.ID) bool {
	consented := false
	for i := range r.answers {
		if r.answers[i].approver != approver {
			continue
		}
		if r.answers[i].decision != approval.Consent {
			return true
		}
		consented = true
	}
	return consented && len(r.missing(approval.Consent)) > 0
}

// said says whether an approver made this decision. mu is held.
func (r *request) said(approver envelope.ID, d approval.Decision) bool {
	for i := range r.answers {
		if r.answers[i].approver == approver && r.answers[i].decision == d {
			return true
		}
	}
	return false
}

// missing returns the requirements with fewer decisions of a kind than people
// they want. mu is held.
func (r *request) missing(d approval.Decision) (requirements []string) {
	for i, a := range r.access {
		if !r.counts(i) {
			continue
		}
		var have uint32
		for j := range r.answers {
			if r.answers[j].decision == d && int(r.answers[j].requirement) == i {
				have++
			}
		}
		if have < a.M {
			requirements = append(requirements, a.Name)
		}
	}
	return requirements
}

// counts says whether a requirement is one that answers the request: the one for
// breaking the glass, or one of the others.
func (r *request) counts(requirement int) bool { return r.access[requirement].BreakGlass == r.glass }

// enforces says whether the version's shares demand what a policy does.
func (r *request) enforces(p *roster.Policy) bool {
	all := p.All()
	if len(r.access) != len(all) {
		return false
	}
	for i, q := range all {
		if r.access[i] != (secret.Access{Name: q.Name, M: q.M, BreakGlass: i == len(p.Requirements)}) {
			return false
		}
	}
	return true
}
