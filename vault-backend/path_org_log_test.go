package backend

import (
	"context"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

func TestTheLogIsAppendedReadAndListed(t *testing.T) {
	r := newOrganisation(t)
	page := r.do(read, "org/log", map[string]any{"from": "1", "limit": "2"})
	got := page["statements"].([]string)
	if len(got) != 2 || got[0] != r.text(r.Log[1]) || got[1] != r.text(r.Log[2]) {
		t.Fatalf("%d statements from the first on", len(got))
	}
	head := r.Roster.Head()
	if page["head_seq"] != int64(head.Seq) || page["head_hash"] != head.Hash.String() || page["organisation"] != r.Roster.Organisation().String() {
		t.Fatalf("head %v %v", page["head_seq"], page["head_hash"])
	}
	if keys := r.do(list, "org/log/", nil)["keys"].([]string); len(keys) != len(r.Log) {
		t.Fatalf("%d keys", len(keys))
	}
	// Past the end there is nothing, and that is no error: so callers poll.
	if rest := r.do(read, "org/log", map[string]any{"from": "100"})["statements"].([]string); len(rest) != 0 {
		t.Fatalf("%d statements past the end", len(rest))
	}
}

// interrupted runs something once, when the engine reads an entry.
type interrupted struct {
	logical.Storage
	at  string
	run func()
}

func (i *interrupted) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if run := i.run; run != nil && key == i.at {
		i.run = nil
		run()
	}
	return i.Storage.Get(ctx, key)
}

func TestAPageOfTheLogAndItsHeadAreOfOneMoment(t *testing.T) {
	r := newOrganisation(t)
	head := r.Roster.Head()
	r.b.storage = &interrupted{r.storage, logKey(head.Seq), func() {
		r.Admit("carol")
		r.push()
	}}
	page := r.do(read, "org/log", map[string]any{"limit": "1000"})
	if n := len(page["statements"].([]string)); n != int(head.Seq)+1 || page["head_seq"] != int64(head.Seq) || page["head_hash"] != head.Hash.String() {
		t.Fatalf("%d statements, head %v, want those of %d", n, page["head_seq"], head.Seq)
	}
}

func TestAppendingTheSameTwiceSucceeds(t *testing.T) {
	r := newOrganisation(t)
	r.Admit("carol")
	for range 2 {
		head := r.do(update, "org/log", map[string]any{"statements": r.logTexts()})
		if head["head_seq"] != int64(r.Roster.Head().Seq) {
			t.Fatalf("head %v", head["head_seq"])
		}
	}
	// The vault command sends a single statement as a string.
	r.do(update, "org/log", map[string]any{"statements": r.text(r.Log[3])})
}

func TestTheLogOutlivesTheProcess(t *testing.T) {
	r := newOrganisation(t)
	r.start()
	if head := r.do(read, "org/log", nil)["head_hash"]; head != r.Roster.Head().Hash.String() {
		t.Fatalf("head %v", head)
	}
}

func TestStatementsThatDoNotExtendTheLogAreRefusedWhole(t *testing.T) {
	r := newOrganisation(t)
	stored := len(r.Log)
	r.Admit("carol")
	good := r.text(r.Log[stored])
	forged, err := r.Roster.Next(roster.KindApproverRevoke, roster.Removal{ID: r.Roster.Approvers()[0].ID}, r.Now, envelope.NewSigningKey(envelope.NewKey()))
	r.Must(err)
	late, err := r.Roster.Next(roster.KindPolicyDelete, roster.Removal{ID: envelope.NewID()}, r.Now, r.Identity)
	r.Must(err)
	other := coretest.NewWorld(t)
	other.Admit("alice")
	for name, c := range map[string]struct {
		statements any
		status     int
		err        string
	}{
		"another signer":         {[]any{good, r.text(r.Log[stored+1]), r.text(forged)}, http.StatusForbidden, "signature_invalid"},
		"unknown id":             {[]any{good, r.text(r.Log[stored+1]), r.text(late)}, http.StatusBadRequest, "unknown_in_roster"},
		"a gap":                  {[]any{r.text(r.Log[stored+1])}, http.StatusConflict, "statement_out_of_sequence"},
		"another organisation's": {[]any{r.text(other.Log[1])}, http.StatusConflict, "roster_forked"},
		"not canonical":          {[]any{" " + good}, http.StatusOK, ""},
		"no JSON":                {[]any{"statement"}, http.StatusBadRequest, "encoding_not_canonical"},
		"none":                   {[]any{}, http.StatusBadRequest, "input_invalid"},
		"numbers":                {[]any{float64(1)}, http.StatusBadRequest, "input_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			before := r.do(read, "status", nil)["head_seq"].(int64)
			if c.status == http.StatusOK {
				return // white space around a statement is trimmed by the framework
			}
			r.refused(update, "org/log", map[string]any{"statements": c.statements}, c.status, c.err)
			if after := r.do(read, "status", nil)["head_seq"].(int64); after != before {
				t.Fatalf("the log grew from %d to %d", before, after)
			}
		})
	}
}

func TestALogNeedsItsPin(t *testing.T) {
	r := newRig(t)
	log := map[string]any{"statements": r.logTexts()}
	r.refused(update, "org/log", log, http.StatusBadRequest, "organisation_not_pinned")
	r.do(update, "config", map[string]any{"organisation": coretest.NewWorld(t).Roster.Organisation().String()})
	r.refused(update, "org/log", log, http.StatusConflict, "organisation_mismatch")
	if page := r.do(read, "org/log", nil); page["head_seq"] != int64(-1) || len(page["statements"].([]string)) != 0 {
		t.Fatalf("without a log: %v", page)
	}
}
