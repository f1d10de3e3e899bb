package orglog_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer"
)

func TestChangesThatWaitAreAppendedTogether(t *testing.T) {
	r := newRig(t)
	var changes []orglog.Change
	for i := range 20 {
		changes = append(changes, adding(fmt.Sprintf("g-%02d", i)))
	}
	for i, o := range r.together(changes...) {
		r.Must(o.err)
		if o.head.Seq != uint64(2+i) || r.server.roster.Follows(o.head) != nil {
			t.Errorf("change %d: head %d, %v", i, o.head.Seq, r.server.roster.Follows(o.head))
		}
	}
	if want := []int{1, 20}; !slices.Equal(r.server.appended, want) {
		t.Errorf("calls with %v statements, want %v", r.server.appended, want)
	}
	if len(r.server.groups()) != 21 {
		t.Errorf("groups %v", r.server.groups())
	}
}

func TestNoCallHasStatementsWithoutEnd(t *testing.T) {
	r := newRig(t)
	var changes []orglog.Change
	for i := range 120 {
		changes = append(changes, adding(fmt.Sprintf("g-%03d", i)))
	}
	for _, o := range r.together(changes...) {
		r.Must(o.err)
	}
	if want := []int{1, 50, 50, 20}; !slices.Equal(r.server.appended, want) {
		t.Errorf("calls with %v statements, want %v", r.server.appended, want)
	}
}

func TestAChangeIsSignedAnewWhereAnotherSignerWasFaster(t *testing.T) {
	r := newRig(t)
	again, left := 0, 2
	r.log.Again = func() { again++ }
	r.server.before = func([]envelope.Signed) error {
		if left--; left >= 0 {
			r.another(fmt.Sprintf("theirs-%d", left))
		}
		return nil
	}
	built := 0
	change := adding("ours")
	build := change.Build
	change.Build = func(at *roster.Roster) ([]orglog.Entry, error) { built++; return build(at) }
	head, err := r.log.Sign(t.Context(), change)
	r.Must(err)
	if want := []string{"ours", "theirs-0", "theirs-1"}; !slices.Equal(r.server.groups(), want) || head != r.server.head() {
		t.Errorf("groups %v, head %v and %v", r.server.groups(), head, r.server.head())
	}
	if built != 3 || again != 2 {
		t.Errorf("built %d times, told %d times", built, again)
	}
}

func TestWhoeverIsSlowerComesThroughWhenTheOthersHaveDone(t *testing.T) {
	r := newRig(t)
	const theirs = 2 * orglog.SignAttempts
	n := 0
	r.server.before = func([]envelope.Signed) error {
		if n++; n <= theirs {
			r.another(fmt.Sprintf("theirs-%d", n))
		}
		return nil
	}
	_, err := r.log.Sign(t.Context(), adding("ours"))
	r.Must(err)
	if groups := r.server.groups(); n != theirs+1 || len(groups) != theirs+1 || !slices.Contains(groups, "ours") {
		t.Errorf("after %d attempts, %d groups", n, len(groups))
	}
}

func TestWhoeverIsAlwaysSlowerStopsWhenInterrupted(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	r.server.before = func([]envelope.Signed) error {
		if n++; n == orglog.SignAttempts+1 {
			cancel()
		}
		r.another(fmt.Sprintf("theirs-%d", n))
		return nil
	}
	_, err := r.log.Sign(ctx, adding("ours"))
	if !errors.Is(err, context.Canceled) || n != orglog.SignAttempts+1 || slices.Contains(r.server.groups(), "ours") {
		t.Errorf("%v after %d attempts", err, n)
	}
}

func TestAConflictWithNobodyIsNotTriedForEver(t *testing.T) {
	r := newRig(t)
	n := 0
	r.server.before = func([]envelope.Signed) error { n++; return &broker.Error{Status: http.StatusConflict} }
	_, err := r.log.Sign(t.Context(), adding("ours"))
	if broker.StatusOf(err) != http.StatusConflict || n != orglog.SignAttempts || slices.Contains(r.server.groups(), "ours") {
		t.Errorf("%v after %d attempts, groups %v", err, n, r.server.groups())
	}
	r.server.before = nil
	_, err = r.log.Sign(t.Context(), adding("ours"))
	r.Must(err)
}

func TestAChangeThatFailsDoesNotKeepTheOthers(t *testing.T) {
	errNo := errors.New("no")
	for name, failing := range map[string]orglog.Change{
		"when it is built":              {Build: func(*roster.Roster) ([]orglog.Entry, error) { return nil, errNo }},
		"when it is guarded":            {Build: adding("x").Build, Guard: func(context.Context, *roster.Roster, []orglog.Entry) error { return errNo }},
		"at its first statement":        adding("Not a name"),
		"after it has signed something": adding("half", "Not a name"),
		"with one of its own batch":     adding("before"),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			all := r.together(adding("before"), failing, adding("after", "after-2"))
			if all[1].err == nil {
				t.Error("it succeeded")
			}
			r.Must(all[0].err)
			r.Must(all[2].err)
			if want := []string{"after", "after-2", "before", "first"}; !slices.Equal(r.server.groups(), want) {
				t.Errorf("groups %v, want %v", r.server.groups(), want)
			}
			if all[2].head != r.server.head() || r.server.roster.Follows(all[0].head) != nil {
				t.Error("the heads of the others are not the log's")
			}
			_, err := r.log.Sign(t.Context(), adding("later"))
			r.Must(err)
		})
	}
}

func TestAnAnswerThatGotLostIsLookedUp(t *testing.T) {
	for name, lost := range map[string]error{
		"no answer":      errors.New("connection reset"),
		"gateway":        &broker.Error{Status: http.StatusBadGateway},
		"internal error": &broker.Error{Status: http.StatusInternalServerError},
	} {
		for _, meanwhile := range []bool{false, true} {
			r := newRig(t)
			r.server.after = func([]envelope.Signed) error {
				r.server.after = nil
				if meanwhile {
					r.another("theirs")
				}
				return lost
			}
			head, err := r.log.Sign(t.Context(), adding("ours"))
			if err != nil || head.Seq != 1 || r.server.roster.Follows(head) != nil {
				t.Errorf("%s: head %d, %v", name, head.Seq, err)
			}
			r.server.before = func([]envelope.Signed) error { r.server.before = nil; return lost }
			if _, err := r.log.Sign(t.Context(), adding("never")); !errors.Is(err, lost) || slices.Contains(r.server.groups(), "never") {
				t.Errorf("%s, which did not arrive: %v", name, err)
			}
			_, err = r.log.Sign(t.Context(), adding("later"))
			r.Must(err)
		}
	}
}

func TestARefusalIsNoLostAnswer(t *testing.T) {
	r := newRig(t)
	refusal := &broker.Error{Status: http.StatusForbidden, Text: "permission denied"}
	r.server.before = func([]envelope.Signed) error { return refusal }
	for _, o := range []func() error{
		func() error { _, err := r.log.Sign(t.Context(), adding("a")); return err },
		func() error { _, err := r.log.Sign(t.Context(), adding("b")); return err },
	} {
		if err := o(); !errors.Is(err, error(refusal)) {
			t.Errorf("got %v", err)
		}
	}
	if len(r.server.groups()) != 0 {
		t.Errorf("groups %v", r.server.groups())
	}
}

func TestAGuardSeesTheLogThatTheBrokerHas(t *testing.T) {
	r := newRig(t)
	guarded := func(name string) orglog.Change {
		c := adding(name)
		c.Guard = func(_ context.Context, at *roster.Roster, entries []orglog.Entry) error {
			if at.Head() != r.server.head() || len(entries) != 1 {
				t.Errorf("%s is asked about with %d statements on their way", name, at.Head().Seq-r.server.head().Seq)
			}
			return nil
		}
		return c
	}
	for _, o := range r.together(adding("a"), guarded("b"), adding("c"), adding("d"), guarded("e"), guarded("f")) {
		r.Must(o.err)
	}
	if want := []int{1, 1, 3, 1, 1}; !slices.Equal(r.server.appended, want) {
		t.Errorf("calls with %v statements, want %v", r.server.appended, want)
	}
}

func TestAGuardIsAskedAgainWhereAnotherSignerWasFaster(t *testing.T) {
	r := newRig(t)
	asked := []uint64{}
	c := adding("ours")
	c.Guard = func(_ context.Context, at *roster.Roster, _ []orglog.Entry) error {
		asked = append(asked, at.Head().Seq)
		return nil
	}
	r.server.before = func([]envelope.Signed) error { r.server.before = nil; r.another("theirs"); return nil }
	_, err := r.log.Sign(t.Context(), c)
	r.Must(err)
	if !slices.Equal(asked, []uint64{0, 1}) {
		t.Errorf("asked at %v", asked)
	}
}

func TestNothingToSignIsNeitherGuardedNorSent(t *testing.T) {
	r := newRig(t)
	c := adding()
	c.Guard = func(context.Context, *roster.Roster, []orglog.Entry) error { return errors.New("asked") }
	head, err := r.log.Sign(t.Context(), c)
	if err != nil || head != r.server.head() || len(r.server.appended) != 0 {
		t.Errorf("%v, %v, %v", head, err, r.server.appended)
	}
}

func TestWhoWasInterruptedSignsNothing(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.log.Sign(ctx, adding("a")); !errors.Is(err, context.Canceled) || len(r.server.groups()) != 0 {
		t.Errorf("%v, groups %v", err, r.server.groups())
	}
}

func TestOnlyTheKeyInForceSigns(t *testing.T) {
	r := newRig(t)
	if _, err := orglog.New(r.server, r.memory, nil).Sign(t.Context(), adding("a")); !errors.Is(err, orglog.ErrNoSigner) {
		t.Errorf("without a signer: %v", err)
	}
	other := envelope.NewSigningKey(envelope.NewKey())
	_, err := orglog.New(r.server, r.memory, other).Sign(t.Context(), adding("a"))
	if !errors.Is(err, orglog.ErrOtherSigner) {
		t.Fatalf("with another: %v", err)
	}
	for _, key := range []envelope.VerifyKey{other.Public(), r.Identity.Public()} {
		if !strings.Contains(err.Error(), key.String()) {
			t.Errorf("%v does not name the key %s", err, key)
		}
	}
}

// faltering signs until it is told not to.
type faltering struct {
	envelope.Signer
	err   error
	asked int
}

// Sign signs, or fails.
func (f *faltering) Sign(t envelope.PayloadType, payload []byte) ([]byte, error) {
	f.asked++
	if f.err != nil {
		return nil, f.err
	}
	return f.Signer.Sign(t, payload)
}

func TestASignerThatFailsChangesNothing(t *testing.T) {
	r := newRig(t)
	f := &faltering{Signer: r.Identity, err: errors.New("no touch")}
	r.log = orglog.New(r.server, r.memory, f)
	before := r.server.head()
	if _, err := r.log.Sign(t.Context(), adding("a", "b")); !errors.Is(err, f.err) || r.server.head() != before {
		t.Errorf("%v", err)
	}
	f.err = nil
	_, err := r.log.Sign(t.Context(), adding("a", "b"))
	r.Must(err)
}

// guardedTogether are changes that one guard is asked about: it refuses any
// statements among which a group of the name that it is told is.
func guardedTogether(asked *[]int, refused string, names ...string) (all []orglog.Change) {
	for _, name := range names {
		c := adding(name)
		c.Together = true
		c.Guard = func(_ context.Context, _ *roster.Roster, entries []orglog.Entry) error {
			*asked = append(*asked, len(entries))
			if slices.ContainsFunc(entries, func(e orglog.Entry) bool { return e.Body.(roster.Group).Name == refused }) {
				return fmt.Errorf("no %s", refused)
			}
			return nil
		}
		all = append(all, c)
	}
	return all
}

func TestChangesOfOneGuardAreAskedAboutTogether(t *testing.T) {
	r := newRig(t)
	var asked []int
	for i, o := range r.together(guardedTogether(&asked, "none", "a", "b", "c", "d")...) {
		r.Must(o.err)
		if o.head.Seq != uint64(2+i) {
			t.Errorf("change %d: head %d", i, o.head.Seq)
		}
	}
	if !slices.Equal(asked, []int{4}) || !slices.Equal(r.server.appended, []int{1, 4}) {
		t.Errorf("asked about %v, appended %v", asked, r.server.appended)
	}
}

func TestWhereTogetherIsRefusedEachIsAskedAboutAlone(t *testing.T) {
	r := newRig(t)
	var asked []int
	all := r.together(guardedTogether(&asked, "b", "a", "b", "c")...)
	r.Must(all[0].err)
	r.Must(all[2].err)
	if all[1].err == nil || all[1].err.Error() != "no b" {
		t.Errorf("got %v", all[1].err)
	}
	if !slices.Equal(asked, []int{3, 1, 1, 1}) || !slices.Equal(r.server.groups(), []string{"a", "c", "first"}) {
		t.Errorf("asked about %v, groups %v", asked, r.server.groups())
	}
}

func TestAskingTogetherLeavesOutWhoFails(t *testing.T) {
	r := newRig(t)
	var asked []int
	changes := guardedTogether(&asked, "none", "a", "Not a name", "a", "half", "b")
	changes[3].Build = adding("half", "Not a name").Build
	all := r.together(changes...)
	for i, fails := range []bool{false, true, true, true, false} {
		if (all[i].err != nil) != fails {
			t.Errorf("change %d: %v", i, all[i].err)
		}
	}
	if !slices.Equal(asked, []int{2}) || !slices.Equal(r.server.groups(), []string{"a", "b", "first"}) {
		t.Errorf("asked about %v, groups %v", asked, r.server.groups())
	}
}

func TestWhatIsAskedTogetherIsAskedAgainWhereAnotherSignerWasFaster(t *testing.T) {
	r := newRig(t)
	var asked []int
	first := true
	r.server.before = func(s []envelope.Signed) error {
		if len(s) == 2 && first {
			first = false
			r.another("theirs")
		}
		return nil
	}
	for _, o := range r.together(guardedTogether(&asked, "none", "a", "b")...) {
		r.Must(o.err)
	}
	if !slices.Equal(asked, []int{2, 2}) || !slices.Equal(r.server.groups(), []string{"a", "b", "first", "theirs"}) {
		t.Errorf("asked about %v, groups %v", asked, r.server.groups())
	}
}

// What the broker refused leaves no trace in what is known of its log.
func TestARefusalLeavesTheCopyAsItIs(t *testing.T) {
	r := newRig(t)
	r.Must(r.log.Sync(t.Context()))
	r.server.before = func([]envelope.Signed) error { return &broker.Error{Status: http.StatusForbidden} }
	if _, err := r.log.Sign(t.Context(), adding("a")); err == nil {
		t.Fatal("it succeeded")
	}
	r.Must(r.log.View(t.Context(), func(known *roster.Roster) error {
		if known.Head() != r.server.head() || len(known.Groups()) != 0 {
			t.Errorf("head %d, %d groups", known.Head().Seq, len(known.Groups()))
		}
		return nil
	}))
}

func TestASignerThatIsGoneIsAskedOnce(t *testing.T) {
	for _, gone := range []error{signer.ErrTimeout, signer.ErrUnavailable} {
		r := newRig(t)
		f := &faltering{Signer: r.Identity}
		r.log = orglog.New(r.server, r.memory, f)
		r.server.before = func([]envelope.Signed) error { f.err, f.asked = gone, 0; return nil }
		for i, o := range r.together(adding("a"), adding("b"), adding("c")) {
			if !errors.Is(o.err, gone) {
				t.Errorf("change %d: %v", i, o.err)
			}
		}
		if f.asked != 1 || len(r.server.groups()) != 1 {
			t.Errorf("asked %d times, groups %v", f.asked, r.server.groups())
		}
		f.err, r.server.before = nil, nil
		_, err := r.log.Sign(t.Context(), adding("a"))
		r.Must(err)
	}
}
