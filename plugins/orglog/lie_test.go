package orglog_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// liar answers an append in its own way, once.
type liar struct {
	*server
	answer func(statements []envelope.Signed) error
}

func (l *liar) AppendLog(ctx context.Context, statements []envelope.Signed) error {
	if answer := l.answer; answer != nil {
		l.answer = nil
		return answer(statements)
	}
	return l.server.AppendLog(ctx, statements)
}

// What another program with the same memory has seen meanwhile is no proof that it
// has seen our change.
func TestAChangeThatIsNotInTheLogIsNotMade(t *testing.T) {
	r := newRig(t)
	r.log = orglog.New(&liar{server: r.server, answer: func([]envelope.Signed) error {
		other := orglog.New(r.server, r.memory, r.Identity)
		_, err := other.Sign(t.Context(), adding("theirs", "theirs-2"))
		return err
	}}, r.memory, r.Identity)
	_, err := r.log.Sign(t.Context(), adding("ours"))
	if !errors.Is(err, roster.ErrForked) {
		t.Errorf("got %v", err)
	}
	_, err = r.log.Sign(t.Context(), adding("ours-2"))
	r.Must(err)
}

// A conflict that is none is a change that was made: a client that tries again by
// itself, and comes after somebody else then, is told so of its own statement.
func TestAConflictWithOurselvesIsAnAppend(t *testing.T) {
	r := newRig(t)
	built := 0
	r.log = orglog.New(&liar{server: r.server, answer: func(s []envelope.Signed) error {
		r.Must(r.server.take(s))
		r.another("theirs")
		return &broker.Error{Status: http.StatusConflict}
	}}, r.memory, r.Identity)
	change := adding("ours")
	build := change.Build
	change.Build = func(at *roster.Roster) ([]orglog.Entry, error) { built++; return build(at) }
	head, err := r.log.Sign(t.Context(), change)
	r.Must(err)
	if built != 1 || r.server.roster.Follows(head) != nil || len(r.server.log) != 3 {
		t.Errorf("built %d times, %d statements", built, len(r.server.log))
	}
}

// picky signs nothing that names a word.
type picky struct {
	envelope.Signer
	word string
}

var errPicky = errors.New("not this one")

func (p picky) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	if bytes.Contains(payload, []byte(p.word)) {
		return nil, errPicky
	}
	return p.Signer.Sign(t, payload)
}

// What a guard allows together it has not allowed of one without the other.
func TestWhatIsRefusedByTheSignerLeavesNothingUnguarded(t *testing.T) {
	r := newRig(t)
	r.log = orglog.New(r.server, r.memory, picky{r.Identity, `"mends"`})
	errLoses := errors.New("it loses secrets")
	guarded := func(name string) orglog.Change {
		c := adding(name)
		c.Together = true
		c.Guard = func(_ context.Context, _ *roster.Roster, entries []orglog.Entry) error {
			names := func(want string) bool {
				return slices.ContainsFunc(entries, func(e orglog.Entry) bool { return e.Body.(roster.Group).Name == want })
			}
			if names("breaks") && !names("mends") {
				return errLoses
			}
			return nil
		}
		return c
	}
	all := r.together(guarded("breaks"), guarded("mends"), guarded("else"))
	if !errors.Is(all[0].err, errLoses) || !errors.Is(all[1].err, errPicky) {
		t.Errorf("got %v and %v", all[0].err, all[1].err)
	}
	r.Must(all[2].err)
	if want := []string{"else", "first"}; !slices.Equal(r.server.groups(), want) {
		t.Errorf("groups %v, want %v", r.server.groups(), want)
	}
}
