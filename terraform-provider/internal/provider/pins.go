package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/home"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// errUnpinned means that nothing says which organisation is meant.
var errUnpinned = errors.New("organisation_unpinned: nothing here says which organisation this is, and Vault's word does not count; set the provider's `organization`, its `home`, or its `signer`")

// pins is what the provider holds on to: the state directory where there is one,
// else what it was configured with, for as long as it runs.
//
// Where neither names the organisation, the signer's key does: nobody else can
// have made a log that it holds.
type pins struct {
	session  *session
	volatile orglog.Volatile
}

var _ orglog.Memory = (*pins)(nil)

// Recall returns what is held on to.
func (p *pins) Recall() (orglog.Known, error) {
	if err := p.prepare(); err != nil {
		return orglog.Known{}, err
	}
	known, err := p.volatile.Recall()
	h := p.session.home
	if err != nil || h == nil || len(known.Statements) > 0 {
		return known, err
	}
	kept, err := h.Recall()
	switch {
	case errors.Is(err, home.ErrUnpinned):
		return known, nil
	case err != nil:
		return kept, err
	case !known.Organisation.IsZero() && known.Organisation != kept.Organisation:
		return known, fmt.Errorf("the configured organisation, %s, is not the one that the state directory %s is pinned to, %s; correct the provider's organization (or %s), or its home (or %s): %w",
			known.Organisation, h.Dir(), kept.Organisation, organizationVariable, home.Variable, roster.ErrOrganisation)
	case len(kept.Statements) == 0 && !known.Head.Hash.IsZero():
		kept.Head = known.Head
	}
	return kept, nil
}

// Advance keeps a log. The configured minimum holds also where the state
// directory knows less.
func (p *pins) Advance(r *roster.Roster, statements []envelope.Signed) error {
	if err := p.minimum(r); err != nil {
		return err
	}
	h := p.session.home
	if h == nil {
		return p.volatile.Advance(r, statements)
	}
	kept, err := h.Pins()
	if errors.Is(err, home.ErrUnpinned) {
		if err := p.volatile.Advance(r, statements); err != nil {
			return err
		}
		// Another run with the same directory may have pinned it meanwhile.
		if err := h.Adopt(r, statements); !errors.Is(err, home.ErrPinned) {
			return err
		}
		kept, err = h.Pins()
	}
	if err != nil {
		return err
	}
	if p.volatile.Organisation.IsZero() {
		p.volatile.Organisation = kept.Organisation
	}
	if err := p.volatile.Advance(r, statements); err != nil {
		return err
	}
	return h.Advance(r, statements)
}

// errMinimum means that a log is older than the configuration wants, for which
// fetching it again is no remedy.
var errMinimum = errors.New("roster_rolled_back: the organisation's log is shorter than minimum_head says; push the newer log to the broker with `stillvault org log push`, from a machine that has seen it; where none has kept it, docs/operations.md says what is left (A log that was lost)")

func (p *pins) minimum(r *roster.Roster) error {
	if p.volatile.Minimum.Hash.IsZero() {
		return nil
	}
	err := r.Follows(p.volatile.Minimum)
	if errors.Is(err, roster.ErrRolledBack) {
		return errMinimum
	}
	return err
}

// prepare has the signer's key pin where nothing else does.
func (p *pins) prepare() error {
	v := &p.volatile
	if !v.Organisation.IsZero() || !v.Identity.IsZero() {
		return nil
	}
	if h := p.session.home; h != nil {
		if _, err := h.Pins(); !errors.Is(err, home.ErrUnpinned) {
			return err
		}
	}
	if p.session.signer.address == "" {
		return errUnpinned
	}
	s, err := p.session.signer.opened(context.Background())
	if err != nil {
		return err
	}
	v.Identity = s.Public()
	return nil
}
