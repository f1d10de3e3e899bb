package roster

import "errors"

// Errors of this package, returned wrapped with what was being done. The first
// word of each is its name in protocol documents and tests.
var (
	// ErrForked means that two histories of one organisation exist.
	ErrForked = errors.New("roster_forked: the organisation's log shown here contradicts one seen before; compare `stillvault org log export` from two machines before you trust either")
	// ErrRolledBack means that the log is shorter than one that was seen before.
	ErrRolledBack = errors.New("roster_rolled_back: the organisation's log is shorter than the one seen before; push the newer log to the broker with `stillvault org log push`, from a machine that has seen it; where none has kept it, docs/operations.md says what is left (A log that was lost)")
	// ErrBehind means that a message refers to statements this roster lacks.
	ErrBehind = errors.New("roster_behind: the message refers to statements that this side has not seen; fetch the organisation's log and try again")
	// ErrExpired means that the last checkpoint has expired.
	ErrExpired = errors.New("roster_expired: the organisation's last checkpoint has expired; have the organisation's signer append a new one")
	// ErrOrganisation means that a log or message is another organisation's.
	ErrOrganisation = errors.New("organisation_mismatch: this belongs to another organisation than the one pinned here")
	// ErrSequence means that a statement does not extend the log.
	ErrSequence = errors.New("statement_out_of_sequence: the statement does not extend the log as it is now; fetch the log and sign again")
	// ErrStatement means that a statement is malformed or its meaning is refused.
	ErrStatement = errors.New("statement_refused")
	// ErrUnknown means that a name or id is not, or no longer, in the roster.
	ErrUnknown = errors.New("unknown_in_roster")
	// ErrRevoked means that somebody or something was admitted once and is not now.
	ErrRevoked = errors.New("revoked")
	// ErrNoPolicy means that no policy covers a path.
	ErrNoPolicy = errors.New("policy_missing: no policy covers this path; set one with `stillvault policy set`")
	// ErrUnmeetable means that a policy cannot be met by distinct people.
	ErrUnmeetable = errors.New("policy_unmeetable: the requirements cannot be met by distinct people; add approvers or lower a quorum")
	// ErrCoverage means that losing one person would lose the secret.
	ErrCoverage = errors.New("coverage_too_low: losing one person would make the secret unreadable; add an approver, or have everyone enrol a recovery factor")
	// ErrName means that a name is not acceptable.
	ErrName = errors.New("name_invalid: use 1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")
	// ErrPath means that a secret's path or a policy's pattern is not acceptable.
	ErrPath = errors.New("path_invalid: use printable segments separated by single slashes, without outer spaces, without '*', and without '.', '..' or '+' as a segment, at most 512 bytes; a policy's pattern may have '+' for one segment and '*' for all that remain")
	// ErrKeys means that a keyring is not its approver's.
	ErrKeys = errors.New("keyring_not_in_force: the keyring on this device is not the one that the organisation admitted for this approver; enrol again")
	// ErrTicketExpired means that a ticket was answered, or its answer looked at, too late.
	ErrTicketExpired = errors.New("ticket_expired: the ticket's time is over, and whoever found it since could have answered it; make a new one")
	// ErrTicket means that an enrolment does not carry the ticket's MAC.
	ErrTicket = errors.New("enrolment_mac_invalid: what the broker holds was not made with this ticket; somebody may have substituted keys, so make a new ticket")
)
