// Package approval is the conversation between a consumer and approvers.
//
// A consumer makes a [Request] with a key of its own for this one answer
// ([Ask]). A device checks it together with the version it is about
// ([Reviewer.Review]); what it returns, a [Case], is the only thing that can be
// approved. The answer is a [Release], which without its sealed part is a
// [Receipt]. The consumer collects releases ([Pending.Accept]) until the policy
// is met. Each side checks everything against its own roster: whatever stands
// between them can withhold, but not alter.
package approval
