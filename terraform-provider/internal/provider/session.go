package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/consumer"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/open"
	"github.com/stillvault/stillvault/plugins/signer/transit"
)

// session is a configured provider: what its resources share.
type session struct {
	broker *broker.Client
	log    *orglog.Log
	home   *home.Home // nil where nothing is remembered between runs
	signer *lateSigner
	named  bool // the configuration says which organisation there is, or which log

	blind atomic.Bool // the roster could not be seen for a plan: see foresee
	ahead ahead       // what this run has seen of what is to come

	settings settings

	seen  consumer.Volatile // where there is no home
	where mountPin
}

// newSession reads the configuration, without connecting.
func newSession(c settings, diags *diag.Diagnostics) *session {
	c.known(diags)
	if diags.HasError() {
		return nil
	}
	s := &session{settings: c, signer: &lateSigner{address: or(c.Signer, signerVariable), logger: signerLog()}}
	var err error
	if c.forms(s.signer.address, diags); diags.HasError() {
		return nil
	}
	if s.signer.timeout, err = c.patience(); err != nil {
		diags.AddAttributeError(path.Root("signer_timeout"), "Not a duration", err.Error())
	}
	if s.broker, err = c.client(); err != nil {
		diags.AddError("Cannot reach Vault", err.Error())
		return nil
	}
	if transit.In(s.signer.address, s.broker.Address()) {
		diags.AddAttributeWarning(path.Root("signer"), "The signer's key is in the Vault that keeps the secrets",
			"Whoever controls that Vault can sign for the organisation, and so change who opens its secrets: nothing that is applied here holds against it. Keep the key in another Vault, or elsewhere.")
	}
	if dir := or(c.Home, home.Variable); dir != "" {
		if s.home, err = home.Open(dir); err != nil {
			diags.AddAttributeError(path.Root("home"), "Cannot open the state directory", err.Error())
			return nil
		}
	}
	organisation, err := c.organisation()
	if err != nil {
		diags.AddAttributeError(path.Root("organization"), "Not an organisation's id", err.Error())
	}
	minimum, err := c.minimum()
	if err != nil {
		diags.AddAttributeError(path.Root("minimum_head"), "Not a head of the log", err.Error())
	}
	s.named = !organisation.IsZero() || !minimum.Hash.IsZero()
	s.log = orglog.New(s.broker, &pins{session: s, volatile: orglog.Volatile{Organisation: organisation, Minimum: minimum}}, s.signer)
	return s
}

// signerLog is where a signer's words go: Terraform takes what a provider writes
// to standard error in this form into its own log, at its level.
func signerLog() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: "signer", Level: hclog.Trace, JSONFormat: true, Output: os.Stderr})
}

// close ends the signer.
func (s *session) close() { s.signer.close() }

// view shows the roster as it was when this run first looked, or changed it last.
func (s *session) view(ctx context.Context, look func(*roster.Roster) error) error {
	return s.log.View(ctx, look)
}

// sign changes the organisation, and returns the log's head after it.
func (s *session) sign(ctx context.Context, change orglog.Change) (roster.Head, error) {
	if _, err := s.signer.opened(ctx); err != nil {
		return roster.Head{}, err
	}
	// Whoever ends the run does not wait for a touch that will not come.
	stop := context.AfterFunc(ctx, s.signer.close)
	defer stop()
	head, err := s.log.Sign(ctx, change)
	if err != nil && ctx.Err() != nil {
		return head, fmt.Errorf("the run was interrupted, and this is not known to be signed; plan again, which shows what is left to do: %w", err)
	}
	if errors.Is(err, roster.ErrStatement) {
		return head, fmt.Errorf("%w: that cannot stand beside what is in force; nothing was changed", err)
	}
	return head, err
}

// errUnconfigured means that the provider was not configured, which Terraform
// lets happen while it validates.
var errUnconfigured = errors.New("the provider is not configured yet")

// sessionOf takes the session that Configure handed out; nil before that.
func sessionOf(data any, diags *diag.Diagnostics) *session {
	if data == nil {
		return nil
	}
	s, ok := data.(*session)
	if !ok {
		diags.AddError("Provider misconfigured", errUnconfigured.Error())
	}
	return s
}

// lateSigner opens the signer when its key is needed first: a plan that only
// reads must not wait for somebody to touch a key.
type lateSigner struct {
	address string
	timeout time.Duration
	logger  hclog.Logger

	once sync.Once
	real signer.Signer
	err  error
}

func (l *lateSigner) opened(ctx context.Context) (signer.Signer, error) {
	l.once.Do(func() {
		if l.address == "" {
			l.err = fmt.Errorf("%w; set the provider's signer, or %s", orglog.ErrNoSigner, signerVariable)
			return
		}
		l.real, l.err = open.Signer(context.WithoutCancel(ctx), l.address, signer.Options{Logger: l.logger, Timeout: l.timeout})
		if errors.Is(l.err, fs.ErrNotExist) && !errors.Is(l.err, signer.ErrUnavailable) {
			l.err = fmt.Errorf("%w; the provider's signer, or %s, names the file on the machine where Terraform runs", l.err, signerVariable)
		}
	})
	return l.real, l.err
}

// Public returns the key, zero where the signer cannot be opened.
func (l *lateSigner) Public() envelope.VerifyKey {
	s, err := l.opened(context.Background())
	if err != nil {
		return envelope.VerifyKey{}
	}
	return s.Public()
}

// Sign signs, or says why the signer cannot be opened.
func (l *lateSigner) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	s, err := l.opened(context.Background())
	if err != nil {
		return nil, err
	}
	return s.Sign(t, payload)
}

func (l *lateSigner) close() {
	l.once.Do(func() { l.err = signer.ErrUnavailable })
	if l.real != nil {
		_ = l.real.Close()
	}
}
