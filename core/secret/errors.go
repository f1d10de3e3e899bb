package secret

import "errors"

// Errors of this package, returned wrapped with what was being done. The first
// word of each is its name in protocol documents and tests.
var (
	// ErrValue means that a value is not a JSON object, or too large.
	ErrValue = errors.New("value_invalid: a secret is a JSON object of at most 512 KiB")
	// ErrSize means that a version with all its shares would be too large to keep.
	ErrSize = errors.New("version_too_large: the value and a share for each approver do not fit one storage entry; name fewer approvers for this path, store less in it, or, where it was re-shared, write it again")
	// ErrHeader means that a header is not of the secret, path, version or
	// mount that was asked for, or lacks a field.
	ErrHeader = errors.New("header_mismatch: the version shown is not the one asked for")
	// ErrAuthor means that the policy does not let the author write this path.
	ErrAuthor = errors.New("author_not_allowed: the policy in force when this was written does not name its author; write it again from an allowed author")
	// ErrPolicy means that a header names another policy than the one that was
	// in force for its path.
	ErrPolicy = errors.New("policy_mismatch: the version was not sealed under the policy that was in force for its path")
	// ErrWrapSet means that a wrap set does not belong to the header, or is not
	// one that its policy allows.
	ErrWrapSet = errors.New("wrap_set_invalid: the shares shown are not those that the author made")
	// ErrDealer means that a dealer dealt pieces of something else than their share.
	ErrDealer = errors.New("dealer_lied: what was dealt is not the dealer's share; the shares from before are kept, so have the others re-share again without them")
	// ErrDeal means that a deal does not fit the version, the roster or other deals.
	ErrDeal = errors.New("deal_invalid: the deal is not of this version's shares, or not for the people whom the policy names now; fetch the re-share anew")
	// ErrFollows means that a version is shared as its policy wants already.
	ErrFollows = errors.New("reshare_needless: the version is shared as its policy wants already")
	// ErrStale means that the policy's requirements changed since the version
	// was sealed, and its shares have not followed.
	ErrStale = errors.New("access_structure_stale: the policy's requirements changed and this version's shares have not followed; have its people re-share it (`stillvault reshare list` says who, or what keeps them from it), or write it again")
	// ErrNotHolder means that a keyring holds no share of the version.
	ErrNotHolder = errors.New("no_share: this approver holds no share of the version; have it re-shared or written again")
	// ErrShare means that a share is not the one that the wrap set commits to.
	ErrShare = errors.New("share_invalid: a share is not the one that the wrap set commits to")
	// ErrQuorum means that there are not enough distinct shares.
	ErrQuorum = errors.New("quorum_not_met: too few distinct people have released their share")
	// ErrCommitment means that an opened payload is not what the author sealed.
	ErrCommitment = errors.New("commitment_mismatch: the payload is not the one that the author committed to")
	// ErrRolledBack means that a version is older than one seen before.
	ErrRolledBack = errors.New("version_rolled_back: a newer version of this secret was seen before")
	// ErrForked means that a version contradicts one seen before.
	ErrForked = errors.New("version_forked: this version contradicts one seen before")
	// ErrChain means that the headers between two versions do not link up.
	ErrChain = errors.New("version_chain_broken: the headers shown do not lead from the version seen before to this one")
)
