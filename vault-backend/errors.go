package backend

import (
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/approval"
)

// Errors of this package, returned wrapped with what was being done. The first
// word of each is its name in documents and tests; the statuses stand in
// answer.go.
var (
	errInput            = errors.New("input_invalid: a field has the wrong form")
	errUnknownField     = errors.New("unknown_field: this path does not take such a field; `vault path-help` lists those it takes")
	errPublicURLAddress = errors.New("public_url_ip_address: browsers make no passkeys at an IP address; give a host name, with TLS, or localhost for tests on one machine")
	errPublicURLPlain   = errors.New("public_url_without_tls: browsers make no passkeys without TLS; give an https address, or http://localhost for tests on one machine")
	errReason           = fmt.Errorf("reason_invalid: a reason is shown to approvers as it is, so it has at most %d bytes on one line, without control characters or marks that change how text is shown; give another", approval.MaxReason)
	errReserved         = errors.New("reserved_key: cas, wait, reason, version and code are reserved on secret/; rename the key, or store the secret with `stillvault put`, which takes any key")
	errInexact          = errors.New("number_inexact: Vault's plug-in interface would round this number; write it as a string, or store the secret with `stillvault put`, which keeps numbers as they are")
	errTooLarge         = errors.New("too_large: a secret takes at most 512 KiB of JSON, and its encoding with all approvers' shares at most 900 KiB; split it")
	errEmpty            = errors.New("value_missing: give at least one key=value to store")
	errCAS              = errors.New("cas_mismatch: another version was written in the meantime; read metadata/ for the current one and try again")
	errCASMissing       = errors.New("secret_exists: cas=0 means that nothing may be stored here yet; give the current version to replace it")
	errSuccession       = errors.New("version_conflict: the sealed version does not follow the current one; fetch sealed/ and seal again")
	errHolders          = errors.New("sealed_to_others: the version is not sealed to the people whom the policy names now; fetch the organisation's log and seal again")
	errMissing          = errors.New("secret_missing: nothing is stored at this path; write it first")
	errVersionMissing   = errors.New("version_missing: the secret has no such version; metadata/ lists those it has")
	errDeleted          = errors.New("version_deleted: this version was deleted; an undelete brings it back")
	errDestroyed        = errors.New("version_destroyed: this version was destroyed for good; write the secret again")
	errVersionsFull     = errors.New("versions_full: the secret's metadata has no room for another version; destroy versions that nobody needs and write again")
	errChainLong        = errors.New("chain_too_long: too many versions lie between; read an earlier one first (version=since+1000)")
	errWrapping         = errors.New("wrapping_refused: a wrapped answer would be stored by Vault; read without -wrap-ttl")
	errNotPinned        = errors.New("organisation_not_pinned: this mount does not know its organisation yet; run `stillvault org log push`, which pins it")
	errPinned           = errors.New("organisation_pinned: this mount belongs to another organisation for good; mount the engine a second time for yours")
	errLogEmpty         = errors.New("org_log_empty: the organisation's log is not here yet; push it with `stillvault org log push`")
	errLogDamaged       = errors.New("org_log_damaged: the organisation's log in storage has a gap or does not verify; restore Vault's storage from a newer snapshot")
	errEnrolled         = errors.New("enrolment_answered: this invitation has its answer; make a new ticket for another device")
	errEnrolmentKnown   = errors.New("enrolment_exists: an invitation with this id and other content exists; make a new ticket")
	errEnrolmentOver    = errors.New("enrolment_expired: the invitation has expired; ask for a new ticket")
	errEnrolmentToken   = errors.New("enrolment_token_invalid: the ticket does not fit this invitation; scan it again")
	errNoEnrolment      = errors.New("enrolment_missing: there is no such invitation; ask for a new ticket")
	errDeviceKnown      = errors.New("device_known: a device with this id was admitted with other keys; make a new device")
	errProposalsFull    = errors.New("proposals_full: as many devices as may wait for this approver's admission; ask the organisation's signer to admit them with `stillvault approver admit`")
	errNoHandover       = errors.New("handover_missing: there is no such handover, or the mount was restarted; begin again on the device that has the keyring")
	errHandoverOver     = errors.New("handover_expired: a handover takes ten minutes at most; begin again on the device that has the keyring")
	errHandoverToken    = errors.New("handover_token_invalid: the link does not fit this handover; scan it again")
	errHandoverKnown    = errors.New("handover_exists: a handover with this id and other content is open; begin a new one")
	errHandoverEmpty    = errors.New("handover_unanswered: no device has answered yet; open the link on the new device first")
	errHandoverAnswered = errors.New("handover_answered: another device has answered this link, and a link takes one; begin again with a new one, and compare the words on both screens")
	errHandoverCap      = errors.New("handover_cap: too many handovers are open; wait ten minutes and begin again")
	errNoKit            = errors.New("kit_missing: no recovery kit is kept here for this recovery key; check what was typed, or restore from the backup file")
	errKitKnown         = errors.New("kit_exists: this device has left another recovery kit, or has none to leave any more; the first one stays")
	errNoPolicyNamed    = errors.New("policy_missing: no policy of this name is in force; list policies/ for those that are")
	errCap              = errors.New("address_cap: too many refused calls came from this address; wait a minute")
	errStored           = errors.New("storage_damaged: an entry in storage is not what was written; restore Vault's storage from a snapshot")
)
