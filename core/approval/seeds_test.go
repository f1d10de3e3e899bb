package approval_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// inner decodes what a seed holds, and what is signed in it.
func inner[T any](m envelope.Signed, payload envelope.PayloadType, err error) error {
	if err == nil {
		_, err = envelope.Peek[T](m, payload)
	}
	return err
}

func signed[T any](payload envelope.PayloadType) func([]byte) error {
	return func(data []byte) error {
		m, err := envelope.Decode[envelope.Signed](data)
		return inner[T](m, payload, err)
	}
}

// seeds says for each target how deep its seeds have to reach.
var seeds = map[string]func([]byte) error{
	"FuzzRequest":        signed[approval.Request](envelope.TypeRequest),
	"FuzzInboxCall":      signed[approval.InboxCall](envelope.TypeInboxCall),
	"FuzzHandoverCall":   signed[approval.HandoverCall](envelope.TypeHandover),
	"FuzzReshareRequest": signed[approval.ReshareRequest](envelope.TypeReshare),
	"FuzzOpened":         signed[approval.Opened](envelope.TypeOpened),
	"FuzzRelease": func(data []byte) error {
		rel, err := envelope.Decode[approval.Release](data)
		return inner[approval.Receipt](rel.Receipt, envelope.TypeReceipt, err)
	},
	"FuzzEvidence": func(data []byte) error {
		e, err := envelope.Decode[approval.Evidence](data)
		return inner[approval.Receipt](e.Receipt, envelope.TypeReceipt, err)
	},
	"FuzzReshareAnswer": func(data []byte) error {
		a, err := envelope.Decode[approval.ReshareAnswer](data)
		return inner[approval.Receipt](a.Receipt, envelope.TypeReceipt, err)
	},
	"FuzzAlarm": func(data []byte) error {
		a, err := envelope.Decode[approval.Alarm](data)
		return inner[approval.Request](a.Request, envelope.TypeRequest, err)
	},
	"FuzzInbox": func(data []byte) error {
		_, err := envelope.Decode[approval.Inbox](data)
		return err
	},
}

// A seed that no longer decodes is turned away at the door, and what lies behind it is
// fuzzed no more. Whoever adds a field makes the seeds anew.
func TestSeedsReachBehindTheDoor(t *testing.T) {
	files, err := filepath.Glob("testdata/fuzz/*/seed-*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d seeds: %v", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(strings.TrimSpace(string(content)), "\n")
		data, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		read := seeds[filepath.Base(filepath.Dir(file))]
		if read == nil {
			t.Errorf("%s: of no target known here", file)
		} else if err := read([]byte(data)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
