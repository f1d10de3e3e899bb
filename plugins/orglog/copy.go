package orglog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// Broker is what a log needs of the broker; [broker.Client] is one.
type Broker interface {
	ReadLog(ctx context.Context, from uint64) (*broker.LogPage, error)
	AppendLog(ctx context.Context, statements []envelope.Signed) error
	// Where says which mount of which Vault this is, for people.
	Where() string
}

var _ Broker = (*broker.Client)(nil)

// Known is what a program holds on to, whatever a broker says.
type Known struct {
	Organisation envelope.Hash     // zero where none is pinned yet
	Head         roster.Head       // the newest one seen; the zero hash for none
	Statements   []envelope.Signed // the log as it was last seen, which may be empty
}

// Memory keeps what was seen of a log.
type Memory interface {
	// Recall returns what was kept last.
	Recall() (Known, error)
	// Advance keeps a log and its roster's head. One that does not follow what
	// is kept is [roster.ErrRolledBack] or [roster.ErrForked], another
	// organisation's [roster.ErrOrganisation], and nothing changes.
	Advance(r *roster.Roster, statements []envelope.Signed) error
}

// Copy is the log as verified here: its statements and their fold. Roster is nil
// while nothing was seen.
type Copy struct {
	Roster     *roster.Roster
	Statements []envelope.Signed
}

// clone is a copy that can go on without this one.
func (c *Copy) clone() *Copy {
	return &Copy{c.Roster.Clone(), c.Statements[:len(c.Statements):len(c.Statements)]}
}

// Recall folds the log that a memory keeps and holds it against the head that
// was seen.
func Recall(m Memory) (*Copy, error) {
	known, err := m.Recall()
	if err != nil {
		return nil, err
	}
	if len(known.Statements) == 0 {
		return &Copy{}, nil
	}
	r, err := roster.Fold(known.Organisation, known.Statements)
	if err != nil {
		return nil, err
	}
	if err := follows(r, known.Head); err != nil {
		return nil, fmt.Errorf("the log that is kept here: %w", err)
	}
	return &Copy{r, known.Statements}, nil
}

func follows(r *roster.Roster, head roster.Head) error {
	if head.Hash.IsZero() {
		return nil
	}
	return r.Follows(head)
}

// fetchAttempts is how often the log is fetched anew because another program
// that shares the memory was faster.
const fetchAttempts = 20

// pause waits a little before something is tried again, by chance, so that of two
// programs that hinder each other one comes through.
func pause(attempt int) { time.Sleep(rand.N(min(time.Millisecond<<attempt, maxPause))) }

// Fetch brings what a memory keeps up to date with the broker's log, verifies
// that it extends what was seen before, and remembers it.
func Fetch(ctx context.Context, m Memory, b Broker) (*Copy, error) {
	var c *Copy
	for attempt := 1; ; attempt++ {
		var err error
		if c, err = Recall(m); err != nil {
			return nil, err
		}
		err = c.fetch(ctx, m, b)
		if err == nil {
			return c, nil
		}
		// Another program may have seen more since the broker answered; then the
		// broker has more to show now.
		if !errors.Is(err, errOvertaken) || attempt == fetchAttempts {
			return nil, err
		}
		pause(attempt)
	}
}

// errOvertaken means that another program with the same memory has seen more.
var errOvertaken = errors.New("the log kept here moved on meanwhile; run this again")

// fetch extends c by what the broker has and remembers the whole. After an error
// c must not be used any more.
func (c *Copy) fetch(ctx context.Context, m Memory, b Broker) error {
	page, err := b.ReadLog(ctx, uint64(len(c.Statements)))
	if err != nil {
		return err
	}
	if err = c.extend(m, page); err == nil {
		err = c.remember(m)
	}
	switch {
	case err == nil, errors.Is(err, errOvertaken):
		return err
	case errors.Is(err, roster.ErrForked), errors.Is(err, roster.ErrOrganisation):
		if other := foreign(ctx, m, b); other != nil {
			err = other
		}
	}
	return fmt.Errorf("the org log of %s: %w", b.Where(), err)
}

func (c *Copy) remember(m Memory) error {
	err := m.Advance(c.Roster, c.Statements)
	if errors.Is(err, roster.ErrRolledBack) {
		return fmt.Errorf("%w: %w", errOvertaken, err)
	}
	return err
}

func (c *Copy) extend(m Memory, page *broker.LogPage) error {
	if page.Head.Hash.IsZero() {
		return c.missing(m)
	}
	if c.Roster == nil {
		if err := c.begin(m, page.Statements); err != nil {
			return err
		}
	} else {
		if err := c.contradicts(page); err != nil {
			return err
		}
		for _, s := range page.Statements {
			if err := c.Roster.Append(s); err != nil {
				return err
			}
		}
	}
	c.Statements = append(c.Statements, page.Statements...)
	if c.Roster.Head() != page.Head {
		return fmt.Errorf("its head is not that of its statements: %w", roster.ErrForked)
	}
	return nil
}

// ErrUnfounded means that there is no log, and that nothing here says that there
// ever was one.
var ErrUnfounded = errors.New("organisation_unfounded: the broker has no organisation's log yet; found one with `stillvault org init` and `stillvault org log push`, " +
	"or with Terraform's stillvault_organization, which all else in its configuration then depends on (depends_on)")

// missing is why a broker without a log is not to be believed, or just a new one.
func (c *Copy) missing(m Memory) error {
	known, err := m.Recall()
	if err != nil {
		return err
	}
	if c.Roster == nil && known.Organisation.IsZero() && known.Head.Hash.IsZero() {
		return ErrUnfounded
	}
	return fmt.Errorf("the broker has none: %w", roster.ErrRolledBack)
}

// begin folds a log of which nothing but its id, or a head, may be known here.
func (c *Copy) begin(m Memory, statements []envelope.Signed) error {
	known, err := m.Recall()
	if err != nil {
		return err
	}
	if c.Roster, err = roster.Fold(known.Organisation, statements); err != nil {
		return err
	}
	return follows(c.Roster, known.Head)
}

// contradicts compares the broker's log with the one kept here.
func (c *Copy) contradicts(page *broker.LogPage) error {
	head := c.Roster.Head()
	if page.Head.Seq <= head.Seq {
		if err := c.Roster.Follows(page.Head); err != nil {
			return err
		}
		if page.Head.Seq < head.Seq {
			return fmt.Errorf("it ends at statement %d, seen here: %d: %w", page.Head.Seq, head.Seq, roster.ErrRolledBack)
		}
		return nil
	}
	if len(page.Statements) == 0 {
		return fmt.Errorf("it claims statements that it does not show: %w", roster.ErrForked)
	}
	next, err := envelope.Peek[roster.Statement](page.Statements[0], envelope.TypeStatement)
	if err != nil {
		return err
	}
	if next.Seq != head.Seq+1 || next.Prev != head.Hash {
		return fmt.Errorf("statement %d does not follow the one seen here: %w", next.Seq, roster.ErrForked)
	}
	return nil
}
