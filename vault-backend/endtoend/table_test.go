package endtoend

import (
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// scenario is a row of the table: how it is played, and what has to come of it.
type scenario struct {
	name   string
	policy func(*roster.Policy) // what is unusual about the policy
	empty  bool                 // nothing is stored at the path
	play   func(*scene) answer

	status  int
	says    []string // parts of the error, its name first
	gives   bool     // the value arrives
	prompts int      // how often approvers were asked
	both    bool     // with the vault command, too
}

func (c scenario) slug() string {
	return strings.ToLower(strings.NewReplacer(" ", "-", ",", "").Replace(c.name))
}

// quick makes a policy whose requests last for two seconds.
func quick(p *roster.Policy) { p.RequestTTL = 2 }

// shortLease makes a policy whose releases hold for a few seconds.
func shortLease(p *roster.Policy) { p.LeaseTTL = 6 }

// hostsOnly takes the mount, which is the last of both lists, out of a policy's
// consumers.
func hostsOnly(p *roster.Policy) { p.Consumers = p.Consumers[:1] }

// mountOnly takes the host out of a policy's consumers.
func mountOnly(p *roster.Policy) { p.Consumers = p.Consumers[1:] }

// selfService lets people approve what they asked for themselves.
func selfService(p *roster.Policy) { p.SelfApproval = true }

// unasked is a policy that no mount may write under.
func unasked(p *roster.Policy) { p.Authors = []envelope.ID{p.Authors[0]} }

var table = []scenario{
	{name: "approve", play: approve, status: 200, gives: true, prompts: 1, both: true},
	{name: "approve a reason and a lease", play: approveWithReason, status: 200, gives: true, prompts: 1, both: true},
	{name: "deny with reason", play: deny, status: 403, says: []string{"denied", "not during the freeze"}, prompts: 1, both: true},
	{name: "expiry", policy: quick, play: expire, status: 410, says: []string{"request_expired"}, prompts: 1, both: true},
	{name: "cancelled", play: cancel, status: 410, says: []string{"request_cancelled"}, prompts: 1},

	{name: "wait ended", play: waitEnded, status: 423, says: []string{"request_waiting", "nobody is prompted again"}, prompts: 1, both: true},
	{name: "wait ended and resumed", play: waitResumed, status: 200, gives: true, prompts: 1, both: true},
	{name: "client gone and resumed", play: goneAndResumed, status: 200, gives: true, prompts: 1, both: true},
	{name: "two readers attached", play: twoReaders, status: 200, gives: true, prompts: 1, both: true},
	{name: "handed out twice", play: handedOutTwice, status: 200, gives: true, prompts: 1},
	{name: "handed out again, then dropped", policy: shortLease, play: dropped, status: 423, says: []string{"request_waiting"}, prompts: 2},
	{name: "somebody else does not attach", play: otherReader, status: 423, says: []string{"request_waiting"}, prompts: 2},

	{name: "another reason while one waits", play: anotherReason, status: 409, says: []string{"request_open", "incident 7", "on-call: waiting"}, prompts: 1, both: true},

	{name: "quorum met", policy: bothOfThem, play: quorumMet, status: 200, gives: true, prompts: 1, both: true},
	{name: "quorum denied by one", policy: bothOfThem, play: quorumDenied, status: 403, says: []string{"denied", "bob said", "not without a ticket"}, prompts: 1},
	{name: "break-glass", empty: true, play: breakGlass, status: 200, gives: true, prompts: 1, both: true},
	{name: "break-glass without a reason", empty: true, play: breakGlassWithoutReason, status: 403, says: []string{"break_glass_refused"}, both: true},

	{name: "self-approval refused", play: selfApproval, status: 403, says: []string{"self_approval"}, prompts: 1},
	{name: "self-approval allowed by policy", policy: selfService, play: selfApprovalAllowed, status: 200, gives: true, prompts: 1},
	{name: "token without entity", play: withoutEntity, status: 403, says: []string{"requester_unknown", "log in"}, both: true},
	{name: "token without entity where self-approval is allowed", policy: selfService, play: withoutEntityAllowed, status: 200, gives: true, prompts: 1},
	{name: "approver not in the policy", play: outsider, status: 403, says: []string{"no_share"}, prompts: 1},
	{name: "approver taken out of the policy", play: formerApprover, status: 403, says: []string{"not_a_principal"}, prompts: 1},
	{name: "consumer not allowed, mount", policy: hostsOnly, play: readOnce, status: 403, says: []string{"host_consumers_only", "stillvault get"}, both: true},
	{name: "consumer not allowed, host", policy: mountOnly, play: releaseToHost, status: 403, says: []string{"consumer_not_allowed"}},
	{name: "author not allowed", policy: unasked, empty: true, play: writeOnce, status: 403, says: []string{"author_not_allowed"}},
	{name: "host consumer", play: releaseToHost, status: 200, gives: true, prompts: 1},

	{name: "policy missing at a write", play: writeElsewhere, status: 403, says: []string{"policy_missing"}},
	{name: "policy missing at a read", play: policyDeleted, status: 403, says: []string{"policy_missing"}},
	{name: "secret missing", empty: true, play: readMissing, status: 404, says: []string{"secret_missing"}},
	{name: "secret missing, as clients show it", empty: true, play: readOnce, status: 404, both: true},
	{name: "over the cap", play: overTheCap, status: 422, says: []string{"request_cap"}, prompts: 1, both: true},
	{name: "cooldown", play: cooldown, status: 422, says: []string{"denied_recently"}, prompts: 1, both: true},

	{name: "CAS conflict", play: casConflict, status: 409, says: []string{"cas_mismatch"}},
	{name: "soft delete", play: softDelete, status: 410, says: []string{"version_deleted"}, both: true},
	{name: "undelete", play: undelete, status: 200, gives: true, prompts: 1},
	{name: "destroy", play: destroy, status: 410, says: []string{"version_destroyed"}},
	{name: "wrapping refused", play: wrapped, status: 400, says: []string{"wrapping_refused", "without -wrap-ttl"}},
	{name: "drain", play: drain, status: 423, says: []string{"draining"}, prompts: 1, both: true},
	{name: "drained and resumed", play: drainedAndResumed, status: 200, gives: true, prompts: 1},
}

// playTable plays every row on a site, with the Go client and, where the row
// wants it and a vault command is at hand, with that.
func playTable(t *testing.T, o *organisation, readers ...reader) {
	for _, c := range table {
		for i, with := range readers {
			if i > 0 && !c.both {
				continue
			}
			t.Run(c.slug()+"/"+with.name, func(t *testing.T) { play(t, o, c, with) })
		}
	}
}

// contains ignores how a client breaks lines.
func contains(text, words string) bool {
	return strings.Contains(strings.Join(strings.Fields(text), " "), words)
}
