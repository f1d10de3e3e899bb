package external

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/signer"
)

func TestAGoodSignerSigns(t *testing.T) {
	s := mustOpen(t, "good", signer.Options{})
	for range 3 {
		if err := signs(s); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	wantError(t, signs(s), signer.ErrUnavailable)
}

// short is the deadline of signers that let it pass.
const short = 300 * time.Millisecond

// spoilt are the behaviours that open, and what signing by them returns.
var spoilt = map[string]struct {
	want  error
	limit time.Duration
	says  string
}{
	"garbage":                          {want: signer.ErrSignature},
	"empty":                            {want: signer.ErrSignature},
	"signature of another key":         {want: signer.ErrSignature},
	"signature over another statement": {want: signer.ErrSignature},
	"huge":                             {want: signer.ErrSignature},
	"slow":                             {want: signer.ErrTimeout, limit: short, says: "300ms"},
	"deaf":                             {want: signer.ErrTimeout, limit: short},
	"floods and is slow":               {want: signer.ErrTimeout, limit: short},
	"ends":                             {want: signer.ErrUnavailable},
	"panics":                           {want: signer.ErrUnavailable},
	"cannot":                           {want: signer.ErrUnavailable, says: "the token was removed"},
	"refuses":                          {want: signer.ErrRefused, says: "it says \"never \ufffd[31mon a\ufffd Friday xxx"},
	"refuses at length":                {want: signer.ErrRefused},
	"refuses with a huge status":       {want: signer.ErrSignature},
	"other key later":                  {want: signer.ErrKeyChanged},
}

func TestASignerThatFailsLeavesTheLogAsItIs(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with every way in which a signer fails: -short")
	}
	good := mustOpen(t, "good", signer.Options{})
	recovery := envelope.NewSigningKey(envelope.NewKey())
	defer recovery.Wipe()
	now := time.Now()
	first, err := roster.Found(good, recovery.Public(), now)
	if err != nil {
		t.Fatal(err)
	}
	log := []envelope.Signed{first}
	r, err := roster.Fold(envelope.Hash{}, log)
	if err != nil {
		t.Fatal(err)
	}
	expires := roster.Checkpoint{Expires: envelope.At(now.Add(time.Hour))}
	// add is what every program does that changes the organisation.
	add := func(s signer.Signer) error {
		signed, err := r.Next(roster.KindCheckpoint, expires, now, s)
		if err != nil {
			return err
		}
		log = append(log, signed)
		return r.Append(signed)
	}
	before := r.Head()
	for behaviour, tc := range spoilt {
		t.Run(behaviour, func(t *testing.T) {
			s := mustOpen(t, behaviour, signer.Options{})
			if tc.limit > 0 {
				s.limit = tc.limit
			}
			err := add(s)
			wantError(t, err, tc.want)
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q does not say %q", err, tc.says)
			}
			if len(log) != 1 || r.Head() != before {
				t.Fatalf("the log has changed: %d statements", len(log))
			}
		})
	}
	if err := add(good); err != nil || r.Head().Seq != 1 {
		t.Errorf("a good signer then: %v at %d", err, r.Head().Seq)
	}
}

func TestOpenRefuses(t *testing.T) {
	cases := map[string]struct {
		want  error
		limit time.Duration
		says  string
	}{
		"no plug-in":      {want: signer.ErrVersion, says: "no signer"},
		"a long line":     {want: signer.ErrVersion, says: "no signer"},
		"ends at once":    {want: signer.ErrUnavailable, says: "its last words: \"the PIN is \ufffd[31mwrong\""},
		"floods and ends": {want: signer.ErrUnavailable},
		"never begins":    {want: signer.ErrTimeout, limit: short},
		"version 2":       {want: signer.ErrVersion, says: "speaks version 1"},
		"another service": {want: signer.ErrVersion},
		"without TLS":     {want: signer.ErrUnavailable},
		"unwell":          {want: signer.ErrUnavailable, says: "NOT_SERVING"},
		"short key":       {want: signer.ErrVersion, says: "31 bytes"},
		"huge key":        {want: signer.ErrVersion},
		"weak key":        {want: signer.ErrVersion},
		"no token":        {want: signer.ErrUnavailable, says: "no token in the reader"},
		"slow key":        {want: signer.ErrTimeout, limit: short},
	}
	for behaviour, tc := range cases {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel() // each waits more than it works
			_, err := openAs(t, behaviour, signer.Options{Timeout: tc.limit})
			if err == nil {
				t.Fatal("opened")
			}
			wantError(t, err, tc.want)
			if !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), self) {
				t.Errorf("%q does not say %q, and which program", err, tc.says)
			}
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	_, err := Open(ctx, self, selfSum, []string{"signer:never begins"}, signer.Options{})
	if !errors.Is(err, signer.ErrTimeout) {
		t.Errorf("past the deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, self, selfSum, []string{"signer:good"}, signer.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestASignerIsShownTheStatementWhole(t *testing.T) {
	var log journal
	s := mustOpen(t, "reads", log.options(hclog.Info))
	statement := roster.Statement{Kind: roster.KindOrgRotate, Body: []byte("{}")}
	if _, err := envelope.Sign(envelope.TypeStatement, statement, s); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what the signer said is in the log", func() bool {
		return strings.Contains(log.String(), "[INFO]  signer: signs org.rotate")
	})
	_, err := envelope.Sign(envelope.TypeReceipt, statement, s)
	if !errors.Is(err, signer.ErrRefused) || !strings.Contains(err.Error(), "no statement that I can read") {
		t.Errorf("something else than a statement: %v", err)
	}
}

func TestASignerIsHeardToTheEnd(t *testing.T) {
	statement := roster.Statement{Kind: roster.KindOrgRotate, Body: []byte("{}")}
	for range 5 {
		var log journal
		s := mustOpen(t, "reads", log.options(hclog.Info))
		if _, err := envelope.Sign(envelope.TypeStatement, statement, s); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if !strings.Contains(log.String(), "signs org.rotate") {
			t.Fatal("what it said last is not in the log when it is closed")
		}
	}
}

func TestWhatASignerSaysIsBounded(t *testing.T) {
	var log journal
	s := mustOpen(t, "floods", log.options(hclog.Trace))
	if err := signs(s); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log says that it is cut short", func() bool { return strings.Contains(log.String(), "says too much") })
	s.Close()
	text := log.String()
	if len(text) > 2*maxCall {
		t.Errorf("%d bytes were logged", len(text))
	}
	if strings.Contains(text, "\x1b") {
		t.Error("the log steers terminals")
	}
}

func TestASignerIsHandedNoSecrets(t *testing.T) {
	for name, value := range map[string]string{
		"VAULT_TOKEN": "hidden-one", "AWS_SECRET_ACCESS_KEY": "hidden-two", "STILLVAULT_SIGNER_PASSPHRASE": "hidden-three",
		"STILLVAULT_CONSUMER_KEY": "hidden-four", "STILLVAULT_SIGNER_SLOT": "shown",
	} {
		t.Setenv(name, value)
	}
	var log journal
	s := mustOpen(t, "shows its environment", log.options(hclog.Info))
	if err := signs(s); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the signer has shown its environment", func() bool { return strings.Contains(log.String(), "STILLVAULT_SIGNER_SLOT=shown") })
	if strings.Contains(log.String(), "hidden-") {
		t.Errorf("a secret of the environment was handed down: %s", log.String())
	}
	want := []string{"PATH=/bin", "HOME=/home", "STILLVAULT_SIGNER_X=1"}
	if got := environment([]string{"PATH=/bin", "HOME=/home", "LD_PRELOAD=x", "STILLVAULT_SIGNER_X=1", "STILLVAULT_HOME=y"}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
