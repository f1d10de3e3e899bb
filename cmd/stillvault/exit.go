package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/install"
	"github.com/stillvault/stillvault/plugins/phone"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/external"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Exit codes, for scripts.
const (
	exitOK      = 0
	exitError   = 1
	exitUsage   = 2
	exitDenied  = 3
	exitWaiting = 4
	exitUnsafe  = 5
	exitLoses   = 6
)

const exitCodesHelp = `
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 denied, by an approver, a policy
or Vault; 4 nobody decided in time, or the request was cancelled; 5 refused as
unsafe: what the broker or a file shows contradicts what was signed or seen;
6 refused because secrets would lose their coverage.`

// unsafe are the errors that mean that somebody may be lying, or that a key may
// be known to others.
var unsafe = []error{
	roster.ErrForked, roster.ErrRolledBack, roster.ErrOrganisation, roster.ErrExpired, roster.ErrTicket,
	secret.ErrHeader, secret.ErrPolicy, secret.ErrWrapSet, secret.ErrShare, secret.ErrCommitment,
	secret.ErrRolledBack, secret.ErrForked, secret.ErrChain, secret.ErrDealer, secret.ErrDeal,
	approval.ErrRequest, approval.ErrReplayed, approval.ErrFuture, approval.ErrRelease, approval.ErrMatchCode,
	approval.ErrReceipts, approval.ErrInbox, approval.ErrReshare,
	envelope.ErrSignature, envelope.ErrOpen, envelope.ErrPayloadType,
	keyring.ErrOwner, keyring.ErrPRFChanged,
	ErrWords, home.ErrMount, home.ErrFile, file.ErrExposed, install.ErrChecksum,
	evidence.ErrTwice, evidence.ErrCutOff, ErrLogFile, consumer.ErrDisbelieved, phone.ErrDiffers, phone.ErrHeaders,
	signer.ErrChanged, signer.ErrKeyChanged, signer.ErrSignature, external.ErrExposed,
}

var denied = []error{
	approval.ErrDenied, approval.ErrSelfApproval, approval.ErrRequesterUnknown, approval.ErrNotPrincipal,
	approval.ErrConsumer, secret.ErrAuthor, install.ErrPermission, install.ErrToken, signer.ErrRefused,
}

func exitCode(err error) int {
	switch {
	case errors.Is(err, ErrUnrelated):
		return exitUsage
	case errors.Is(err, ErrLoses):
		return exitLoses
	case is(err, denied), slices.Contains([]string{"denied_recently", "reported_recently"}, broker.NameOf(err)):
		return exitDenied
	case is(err, unsafe):
		return exitUnsafe
	case broker.Waiting(err), errors.Is(err, approval.ErrExpired),
		broker.StatusOf(err) == http.StatusGone && !strings.HasPrefix(broker.NameOf(err), "version_"):
		return exitWaiting
	case broker.StatusOf(err) == http.StatusForbidden:
		return exitDenied
	}
	return exitError
}

func is(err error, any []error) bool {
	for _, e := range any {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
