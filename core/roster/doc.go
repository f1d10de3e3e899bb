// Package roster folds the organisation's log into who may do what: approvers,
// their devices, groups, policies and consumers.
//
// The log is append-only and hash-chained, and every [Statement] is signed by
// the Org Identity key, which is never in Vault. A party pins the organisation
// id, folds what it is given with [Fold], and refuses whatever does not follow
// from what it already knows ([Roster.Follows], [Roster.Accepts]). A compromised
// broker can therefore withhold statements but not make or alter one.
//
// A [Policy] names people by ids and asks for several of them, by requirements
// and, beside these, by break-glass. [Roster.PolicyFor] finds the policy of a
// path, [Roster.PolicyAt] the one of an earlier head, [Roster.Eligible] who
// qualifies, and [Roster.Assign] who counts where, everybody once; all parties
// compute the same from the same log. [Roster.Preview] shows what would become of
// that with a statement that nobody has signed yet.
//
// The package does no I/O. Whoever uses a [Roster] from several goroutines
// guards it.
package roster
