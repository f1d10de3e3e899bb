package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// errLoses means that a change would lose secrets or leave them below what their
// policy wants.
var errLoses = errors.New("would_lose_coverage: nothing was changed; have the secrets named re-shared, read or written again first, or put somebody else in that place. " +
	"Who means to lose them does it with the `stillvault` command and --force, which says what else it does")

// guard has the broker say what statements would do to the secrets, and refuses
// what would lose some.
func (s *session) guard(ctx context.Context, r *roster.Roster, entries []orglog.Entry) error {
	for _, e := range entries {
		p, err := s.broker.PreviewStatement(ctx, e.Kind, e.Body)
		if err != nil {
			return fmt.Errorf("find out what this does to the secrets: %w", err)
		}
		then, err := r.Preview(e.Kind, e.Body, time.Now())
		if err != nil {
			return err
		}
		if harmed := p.Harmed(e.Kind, then); len(harmed) > 0 {
			return fmt.Errorf("%s: %w", listed(harmed), errLoses)
		}
	}
	return nil
}

// maxListed is how many paths an error names before it counts the rest.
const maxListed = 50

func listed(paths []string) string {
	slices.Sort(paths)
	if more := len(paths) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:maxListed], ", "), more)
	}
	return strings.Join(paths, ", ")
}
