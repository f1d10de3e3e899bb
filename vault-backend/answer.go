package backend

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// failure gives an error its HTTP status and, where its own text does not say
// what to do next, that.
type failure struct {
	err    error
	status int
	advice string
}

// failures are the errors that are answered with a 4xx; the first that an error
// is decides. None is 412, 429, 500 or 503: Vault's client repeats those by
// itself. What is not listed is a fault of storage or of this program, and 500.
var failures = []failure{
	{errMissing, http.StatusNotFound, ""},
	{errNoEnrolment, http.StatusNotFound, ""},
	{errNoHandover, http.StatusNotFound, ""},
	{errHandoverOver, http.StatusGone, ""},
	{errHandoverToken, http.StatusForbidden, ""},
	{errHandoverKnown, http.StatusConflict, ""},
	{errHandoverEmpty, http.StatusConflict, ""},
	{errHandoverAnswered, http.StatusConflict, ""},
	{errHandoverCap, http.StatusUnprocessableEntity, ""},
	{errNoPolicyNamed, http.StatusNotFound, ""},
	{errNoKit, http.StatusNotFound, ""},
	{errKitKnown, http.StatusConflict, ""},
	{errDeviceKnown, http.StatusConflict, ""},
	{errProposalsFull, http.StatusUnprocessableEntity, ""},
	{errDeleted, http.StatusGone, ""},
	{errDestroyed, http.StatusGone, ""},
	{errEnrolmentOver, http.StatusGone, ""},
	{errCAS, http.StatusConflict, ""},
	{errCASMissing, http.StatusConflict, ""},
	{errSuccession, http.StatusConflict, ""},
	{errHolders, http.StatusConflict, ""},
	{errPinned, http.StatusConflict, ""},
	{errEnrolled, http.StatusConflict, ""},
	{errEnrolmentKnown, http.StatusConflict, ""},
	{errLogDamaged, http.StatusConflict, ""},
	{errEnrolmentToken, http.StatusForbidden, ""},
	{errVersionsFull, http.StatusUnprocessableEntity, ""},
	{errChainLong, http.StatusUnprocessableEntity, ""},
	{errCap, http.StatusUnprocessableEntity, ""},
	{errInput, http.StatusBadRequest, ""},
	{errUnknownField, http.StatusBadRequest, ""},
	{errPublicURLAddress, http.StatusBadRequest, ""},
	{errPublicURLPlain, http.StatusBadRequest, ""},
	{errReason, http.StatusBadRequest, ""},
	{errReserved, http.StatusBadRequest, ""},
	{errInexact, http.StatusBadRequest, ""},
	{errTooLarge, http.StatusBadRequest, ""},
	{errEmpty, http.StatusBadRequest, ""},
	{errVersionMissing, http.StatusBadRequest, ""},
	{errWrapping, http.StatusBadRequest, ""},
	{errNotPinned, http.StatusBadRequest, ""},
	{errLogEmpty, http.StatusBadRequest, ""},

	{exchange.ErrWaiting, http.StatusLocked, ""},
	{exchange.ErrDraining, http.StatusLocked, ""},
	{exchange.ErrOpen, http.StatusConflict, ""},
	{exchange.ErrCap, http.StatusUnprocessableEntity, ""},
	{exchange.ErrDeniedRecently, http.StatusUnprocessableEntity, ""},
	{exchange.ErrInboxCap, http.StatusUnprocessableEntity, ""},
	{exchange.ErrReported, http.StatusUnprocessableEntity, ""},
	{exchange.ErrUnknownAlarm, http.StatusNotFound, ""},
	{exchange.ErrAlarmOpen, http.StatusConflict, ""},
	{exchange.ErrAlarmOwn, http.StatusForbidden, ""},
	{exchange.ErrUnknownReport, http.StatusNotFound, ""},
	{exchange.ErrHostConsumersOnly, http.StatusForbidden, ""},
	{exchange.ErrMountNotAdmitted, http.StatusForbidden, ""},
	{exchange.ErrEntity, http.StatusForbidden, ""},
	{exchange.ErrInboxReplayed, http.StatusForbidden, ""},
	{exchange.ErrApprovers, http.StatusConflict, ""},
	{exchange.ErrCancelled, http.StatusGone, ""},
	{exchange.ErrOver, http.StatusGone, ""},
	{exchange.ErrMountRequest, http.StatusBadRequest, ""},
	{exchange.ErrWait, http.StatusBadRequest, ""},
	{exchange.ErrUnknownRequest, http.StatusNotFound, ""},
	{exchange.ErrUnknownReceipt, http.StatusNotFound, ""},

	{reshare.ErrUnknown, http.StatusGone, ""},

	{approval.ErrExpired, http.StatusGone, ""},
	{approval.ErrConsumer, http.StatusForbidden, ""},
	{approval.ErrSelfApproval, http.StatusForbidden, ""},
	{approval.ErrRequesterUnknown, http.StatusForbidden, ""},
	{approval.ErrNotPrincipal, http.StatusForbidden, ""},
	{approval.ErrDevice, http.StatusForbidden, ""},
	{approval.ErrDenied, http.StatusForbidden, ""},
	{approval.ErrLease, http.StatusForbidden, ""},
	{approval.ErrReplayed, http.StatusConflict, ""},
	{approval.ErrDecided, http.StatusConflict, ""},
	{approval.ErrReceipts, http.StatusConflict, ""},
	{approval.ErrRequest, http.StatusBadRequest, ""},
	{approval.ErrFuture, http.StatusBadRequest, ""},
	{approval.ErrDeadline, http.StatusBadRequest, ""},
	{approval.ErrBreakGlass, http.StatusForbidden, ""},
	{approval.ErrWrapSet, http.StatusConflict, ""},
	{approval.ErrReshare, http.StatusConflict, ""},
	{approval.ErrConsent, http.StatusBadRequest, ""},
	{approval.ErrRelease, http.StatusBadRequest, ""},
	{approval.ErrMatchCode, http.StatusBadRequest, ""},
	{approval.ErrInbox, http.StatusBadRequest, ""},

	{secret.ErrAuthor, http.StatusForbidden, ""},
	{secret.ErrNotHolder, http.StatusForbidden, ""},
	{secret.ErrPolicy, http.StatusConflict, "fetch the organisation's log and seal again"},
	{secret.ErrStale, http.StatusConflict, ""},
	{secret.ErrRolledBack, http.StatusConflict, ""},
	{secret.ErrForked, http.StatusConflict, ""},
	{secret.ErrChain, http.StatusConflict, ""},
	{secret.ErrDealer, http.StatusConflict, ""},
	{secret.ErrDeal, http.StatusConflict, ""},
	{secret.ErrFollows, http.StatusConflict, ""},
	{secret.ErrSize, http.StatusBadRequest, ""},
	{secret.ErrValue, http.StatusBadRequest, ""},
	{secret.ErrHeader, http.StatusBadRequest, "seal it again for this mount and path"},
	{secret.ErrWrapSet, http.StatusBadRequest, "seal it again"},
	{secret.ErrShare, http.StatusBadRequest, "seal it again"},
	{secret.ErrQuorum, http.StatusBadRequest, ""},
	{secret.ErrCommitment, http.StatusBadRequest, "write the secret again"},

	{roster.ErrNoPolicy, http.StatusForbidden, ""},
	{roster.ErrCoverage, http.StatusForbidden, ""},
	{roster.ErrUnmeetable, http.StatusForbidden, ""},
	{roster.ErrExpired, http.StatusForbidden, ""},
	{roster.ErrRevoked, http.StatusForbidden, "ask the organisation's signer for a new admission"},
	{roster.ErrTicket, http.StatusForbidden, ""},
	{roster.ErrTicketExpired, http.StatusGone, ""},
	{roster.ErrKeys, http.StatusForbidden, ""},
	{roster.ErrForked, http.StatusConflict, ""},
	{roster.ErrRolledBack, http.StatusConflict, ""},
	{roster.ErrBehind, http.StatusConflict, ""},
	{roster.ErrSequence, http.StatusConflict, ""},
	{roster.ErrOrganisation, http.StatusConflict, "use the mount of your own organisation"},
	{roster.ErrStatement, http.StatusBadRequest, "correct the statement and sign it again"},
	{roster.ErrUnknown, http.StatusBadRequest, "list approvers/, groups/, policies/ and consumers/ for what is known"},
	{roster.ErrName, http.StatusBadRequest, ""},
	{roster.ErrPath, http.StatusBadRequest, ""},

	{keyring.ErrCertificate, http.StatusBadRequest, "enrol again"},
	{keyring.ErrOwner, http.StatusBadRequest, "enrol again"},
	{keyring.ErrFactorKind, http.StatusBadRequest, "upgrade the plug-in or enrol with another kind of factor"},

	{envelope.ErrSignature, http.StatusForbidden, "sign it again with the key that the organisation admitted"},
	{envelope.ErrPayloadType, http.StatusBadRequest, "send the kind of message that this path takes"},
	{envelope.ErrTooLarge, http.StatusBadRequest, "send less at once"},
	{envelope.ErrEncoding, http.StatusBadRequest, "send the text exactly as the stillvault command made it"},
	{envelope.ErrSuite, http.StatusBadRequest, "upgrade the plug-in"},
	{envelope.ErrContext, http.StatusBadRequest, "make the message again"},
	{envelope.ErrKey, http.StatusBadRequest, "make the key again"},
	{envelope.ErrOpen, http.StatusBadRequest, "make the message again"},
}

// answer turns an error into what Vault passes on as it stands: a coded error,
// unwrapped, whose text begins with the error's name and ends in what was being
// done. Vault compares its read-only error itself, so that stays as it is.
func answer(err error) error {
	if errors.Is(err, logical.ErrReadOnly) {
		return logical.ErrReadOnly
	}
	if coded, is := err.(logical.HTTPCodedError); is {
		return coded
	}
	if errors.Is(err, context.Canceled) {
		return logical.CodedError(http.StatusLocked, "call_ended: the client went away; run the same command again to keep waiting")
	}
	for _, f := range failures {
		if !errors.Is(err, f.err) {
			continue
		}
		return logical.CodedError(f.status, wording(err, f.err, f.advice))
	}
	return err
}

// wording returns an error's text with the name of its cause first, for people
// and programs look there, then what to do; what was being done follows in
// brackets. An error that is worded so already stays as it is.
func wording(err, cause error, advice string) string {
	name, rest, _ := strings.Cut(cause.Error(), ": ")
	text := strings.Join(slices.DeleteFunc([]string{rest, advice}, func(s string) bool { return s == "" }), "; ")
	if strings.HasPrefix(err.Error(), name+": ") {
		return err.Error()
	}
	if doing := strings.Trim(strings.Replace(err.Error(), cause.Error(), "", 1), ": "); doing != "" {
		text += " (" + doing + ")"
	}
	return name + ": " + text
}
