package approval

import "errors"

// Errors of this package, returned wrapped with what was being done. The first
// word of each is its name in protocol documents and tests.
var (
	// ErrConsumer means that the policy does not let the consumer receive this path.
	ErrConsumer = errors.New("consumer_not_allowed: the policy does not name this consumer; ask the organisation's signer to add it to the policy")
	// ErrRequest means that a request lacks a field or contradicts itself or its version.
	ErrRequest = errors.New("request_mismatch: the request and the version it names do not belong together")
	// ErrExpired means that a request's deadline has passed.
	ErrExpired = errors.New("request_expired: the deadline has passed; ask again")
	// ErrFuture means that a request claims to be made later than now.
	ErrFuture = errors.New("request_from_the_future: the consumer's clock is ahead by more than two minutes; set the clocks")
	// ErrDeadline means that a request wants to wait longer than its policy lets it.
	ErrDeadline = errors.New("request_deadline_too_far: the request would wait longer than the policy allows")
	// ErrReplayed means that this request was decided here before.
	ErrReplayed = errors.New("request_replayed: this request was decided on this device before")
	// ErrSelfApproval means that the approver is the requester.
	ErrSelfApproval = errors.New("self_approval: the policy does not let people approve what they asked for themselves; somebody else has to")
	// ErrRequesterUnknown means that nobody can tell whether the requester is the approver.
	ErrRequesterUnknown = errors.New("requester_unknown: the requester has no Vault entity, so self-approval cannot be excluded; log in with an auth method that gives an entity")
	// ErrNotPrincipal means that somebody is not among the policy's people now.
	ErrNotPrincipal = errors.New("not_a_principal: this approver is not among those whom the policy names for this path")
	// ErrDevice means that a device is not the approver's, or not in force.
	ErrDevice = errors.New("device_not_admitted: the device is not one that the organisation admitted for this approver")
	// ErrLease means that a lease is longer than the policy allows.
	ErrLease = errors.New("lease_too_long: the policy does not allow a lease of this length")
	// ErrConsent means that shares may be released only after enough people consented.
	ErrConsent = errors.New("consent_missing: the policy wants consents from everybody needed before the first share is released")
	// ErrBreakGlass means that a policy has nobody for an emergency, or that no reason was given.
	ErrBreakGlass = errors.New("break_glass_refused: breaking the glass needs a reason, and a policy that names people for it")
	// ErrWrapSet means that a share was opened under other shares than those the request is answered with.
	ErrWrapSet = errors.New("wrap_set_changed: the share is of another wrap set of the version; fetch the request again and answer it anew")
	// ErrReshare means that a re-share's parts do not belong together, or that it is not the mount's for the policy in force.
	ErrReshare = errors.New("reshare_mismatch: the re-share is not this mount's for the policy in force, or its parts do not belong together; fetch it again")
	// ErrRelease means that a release answers another request, or contradicts itself.
	ErrRelease = errors.New("release_mismatch: the release does not answer this request")
	// ErrDecided means that this approver's answer was taken before.
	ErrDecided = errors.New("already_decided: this approver has answered this request before")
	// ErrDenied means that an approver denied the request.
	ErrDenied = errors.New("denied: an approver denied the request")
	// ErrMatchCode means that the code typed is not the request's.
	ErrMatchCode = errors.New("match_code_wrong: the code is not the one of this request; compare it with what the requester sees")
	// ErrReceipts means that receipts of a device do not chain.
	ErrReceipts = errors.New("receipts_broken: a device's receipts do not link up; one is missing, altered or shown twice")
	// ErrInbox means that an inbox call or its answer is not what it should be.
	ErrInbox = errors.New("inbox_invalid: the inbox call or its answer is stale, or meant for another device")
)
