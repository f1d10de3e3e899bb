package orglog

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// foreign is why a log that contradicts what is pinned does so, where it is
// another organisation's from its first statement on: somebody asked the wrong
// Vault, or with another organisation's settings. It is nil where the log is that
// of the organisation that is pinned, so that its history was forked, and where
// what is shown is no organisation's whole log. Either way the log is refused.
func foreign(ctx context.Context, m Memory, b Broker) error {
	known, err := m.Recall()
	if err != nil || known.Organisation.IsZero() {
		return nil
	}
	page, err := b.ReadLog(ctx, 0)
	if err != nil || len(page.Statements) == 0 {
		return nil
	}
	shown := page.Statements[0].Hash()
	if shown == known.Organisation {
		return nil
	}
	if r, err := roster.Fold(shown, page.Statements); err != nil || r.Head() != page.Head {
		return nil
	}
	return OtherOrganisation(shown, known.Organisation)
}

// OtherOrganisation is a [roster.ErrOrganisation] about what belongs to shown, not
// to the organisation that is pinned, with what to do.
func OtherOrganisation(shown, pinned envelope.Hash) error {
	return fmt.Errorf("it is that of organisation %s, and pinned here is %s; correct whichever is not the one that you mean: "+
		"Vault's address (VAULT_ADDR) and the mount, or what pins the organisation (STILLVAULT_HOME, or the provider's home or organization). "+
		"Where all of them are right, somebody put another log in place of yours: %w", inFull(shown), inFull(pinned), roster.ErrOrganisation)
}

// inFull is an organisation's id, and the words that a phone shows for it.
func inFull(organisation envelope.Hash) string {
	return fmt.Sprintf("%s (%s)", organisation, roster.Words(organisation[:2*roster.FingerprintWords]))
}
