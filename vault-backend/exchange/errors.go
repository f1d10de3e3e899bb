package exchange

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of this package, returned with what happened between their name and
// their remedy. Those of core are passed on as they are: approval.ErrDenied
// (403), approval.ErrSelfApproval (403), approval.ErrRequesterUnknown (403),
// approval.ErrConsumer (403), approval.ErrExpired (410), roster.ErrNoPolicy
// (403), and whatever [Config.Version] says of a version.
var (
	// ErrWaiting means that a wait ended before the request did. 423.
	ErrWaiting = errors.New("request_waiting: run the same command again to keep waiting; nobody is prompted again")
	// ErrWait means that a wait makes no sense. 400.
	ErrWait = errors.New("wait_invalid: say how long to wait as a duration such as 30s")
	// ErrDraining means that the mount is about to stop and lets nobody wait. 423.
	ErrDraining = errors.New("draining: this mount is about to restart; run the same command again in a minute")
	// ErrCap means that too many requests wait. 422.
	ErrCap = errors.New("request_cap: wait until some are answered, or end them with `vault delete stillvault/requests/<id>`")
	// ErrOpen means that the same requester waits for the same path through the
	// same consumer, with another reason, version or lease. 409.
	ErrOpen = errors.New("request_open: one request per requester and path waits at a time; repeat the first read with the same words to go on waiting for it, or let it be decided or end it first")
	// ErrDeniedRecently means that the same requester was denied the same path a
	// moment ago. 422.
	ErrDeniedRecently = errors.New("denied_recently: talk to the approver first; asking again at once only disturbs people")
	// ErrReported means that an approver reported what the same requester asked for
	// at the same path, and nobody has looked into it yet. 422.
	ErrReported = errors.New("reported_recently: talk to the approver; an administrator who acknowledges the report below stillvault/reports/ lifts this at once")
	// ErrHostConsumersOnly means that a policy lets only hosts receive a path. 403.
	ErrHostConsumersOnly = errors.New("host_consumers_only: the policy does not let this mount see the plaintext")
	// ErrMountNotAdmitted means that the mount is no consumer yet. 403.
	ErrMountNotAdmitted = errors.New("mount_not_admitted: the organisation has not admitted this mount as a consumer, so that it can ask nobody to re-share, nor to release what `vault read` is to have; its signer runs `stillvault consumer admit --mount`, or, where it was revoked, which is final, has the secrets written again by hosts")
	// ErrApprovers means that too few people could answer for a policy to be
	// met. 409.
	ErrApprovers = errors.New("approvers_missing: too few of the policy's people hold a share of this version; have it written again, or add approvers")
	// ErrEntity means that a host request was posted with somebody else's token,
	// or names an entity that the token does not have. 403.
	ErrEntity = errors.New("entity_mismatch: a host request must name the Vault entity of the token that posts it; log in as the requester")
	// ErrMountRequest means that somebody posted a request that only this mount
	// itself can make. 400.
	ErrMountRequest = errors.New("not_a_host_request: only hosts post requests; read secret/ to have the mount ask")
	// ErrCancelled means that a request was ended by hand, or lost what it was
	// about. 410.
	ErrCancelled = errors.New("request_cancelled: ask again if it is still needed")
	// ErrOver means that an answer came after the request had ended. 410.
	ErrOver = errors.New("request_over: the request has ended; the answer was recorded and changes nothing")
	// ErrUnknownRequest means that nothing is known of a request: it never was,
	// is long over, or died with the process that held its key. 404 when it is
	// looked up, 410 when it is answered.
	ErrUnknownRequest = errors.New("request_unknown: no such request; it may have ended a while ago, or with a restart of the mount, and then the next read asks again")
	// ErrUnknownReceipt means that nothing is recorded under an id. 404.
	ErrUnknownReceipt = errors.New("receipt_unknown: nothing is recorded under this id; list receipts/ for what is")
	// ErrUnknownAlarm means that there is no such alarm, or that it was
	// acknowledged. 404.
	ErrUnknownAlarm = errors.New("alarm_unknown: there is no such alarm, or it was acknowledged; list alarms/ for those there are")
	// ErrAlarmOpen means that a request that broke the glass still waits. 409.
	ErrAlarmOpen = errors.New("alarm_open: the request still waits for an answer; acknowledge it once it has ended, or end it with a delete of requests/<id>")
	// ErrAlarmOwn means that who broke the glass would be the one who acknowledges
	// it. 403.
	ErrAlarmOwn = errors.New("alarm_own: who broke the glass cannot be who has seen the alarm; somebody else has to acknowledge it")
	// ErrUnknownReport means that there is no such report, or that it was
	// acknowledged. 404.
	ErrUnknownReport = errors.New("report_unknown: there is no such report, or it was acknowledged; list reports/ for those there are")
	// ErrInboxReplayed means that an inbox call was seen before. 403.
	ErrInboxReplayed = errors.New("inbox_replayed: this inbox call was made before; sign a new one")
	// ErrInboxCap means that a device calls more often than anybody looks. 422.
	ErrInboxCap = errors.New("inbox_cap: this device makes too many inbox calls; wait a minute")
)

// told is an error with its particulars: the sentinel's name, what happened, and
// then what the sentinel says to do about it.
type told struct {
	sentinel error
	text     string
}

// tell puts particulars into a sentinel, so that the text begins with the
// sentinel's name and ends with its remedy.
func tell(sentinel error, format string, args ...any) error {
	name, remedy, _ := strings.Cut(sentinel.Error(), ": ")
	return &told{sentinel, name + ": " + fmt.Sprintf(format, args...) + "; " + remedy}
}

// Error is the sentinel's text with the particulars in it.
func (e *told) Error() string { return e.text }

// Unwrap returns the sentinel.
func (e *told) Unwrap() error { return e.sentinel }
