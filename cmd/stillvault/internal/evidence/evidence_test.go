package evidence_test

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/evidence"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// decided is an organisation in which two people decided about a secret: alice
// three times, bob once.
type decided struct {
	*coretest.World
	alice, bob *coretest.Person
	host       *coretest.Consumer
	version    *secret.Version
	ledgers    map[envelope.ID]approval.Ledger
	all        []approval.Evidence
}

func newDecided(t *testing.T) *decided {
	t.Helper()
	d := &decided{World: coretest.NewWorld(t), ledgers: map[envelope.ID]approval.Ledger{}}
	d.alice, d.bob = d.Admit("alice", "entity-alice"), d.Admit("bob", "entity-bob")
	d.host = d.AdmitConsumer("deploy-host", roster.ConsumerHost)
	d.SetPolicy(coretest.Policy("production", "prod/*", []*coretest.Consumer{d.host}, coretest.Need("dba", 1, d.alice, d.bob)))
	var err error
	d.version, err = secret.Seal(d.Roster, secret.Draft{Mount: d.Mount, Secret: envelope.NewID(), Path: "prod/db", Version: 1, Author: d.host.ID}, []byte(`{"a":"b"}`), d.host.Signer, d.Now)
	d.Must(err)
	d.decide(d.alice, approval.Approve)
	d.decide(d.bob, approval.Deny)
	d.decide(d.alice, approval.Deny)
	d.decide(d.alice, approval.Approve)
	return d
}

func (d *decided) decide(p *coretest.Person, decision approval.Decision) {
	d.T.Helper()
	d.Now = d.Now.Add(time.Minute)
	v, err := d.version.Verify(d.Roster, d.Mount, "prod/db")
	d.Must(err)
	origin := approval.Origin{Requester: "carol", Entity: "entity-carol", UID: -1, PID: -1}
	pending, request, err := approval.Ask(d.Roster, v, d.host.ID, d.host.Signer, approval.Terms{Origin: origin, Reason: "incident 7"}, d.Now)
	d.Must(err)
	defer pending.Wipe()
	c, err := approval.Reviewer{Roster: d.Roster, Mount: d.Mount, Approver: p.ID, Device: p.Device.ID()}.Review(
		approval.Item{Request: request, Version: *d.version, Decisions: []envelope.Signed{}}, d.Now)
	d.Must(err)
	var release approval.Release
	if decision == approval.Deny {
		release, err = c.Deny("not now", false, p.Device.Signer(), d.ledgers[p.ID], d.Now)
	} else {
		release, err = c.Approve(p.Keyring, p.Device.Signer(), d.ledgers[p.ID], d.Now)
	}
	d.Must(err)
	d.ledgers[p.ID] = d.ledgers[p.ID].After(release.Receipt)
	d.all = append(d.all, approval.Evidence{Receipt: release.Receipt, Request: request, Reshared: []approval.Reshared{}})
}

func (d *decided) file(all []approval.Evidence) string {
	d.T.Helper()
	var file bytes.Buffer
	d.Must(evidence.Write(&file, all))
	return file.String()
}

func (d *decided) verify(file string) *evidence.Report {
	d.T.Helper()
	report, err := evidence.Verify(d.Fold(0), strings.NewReader(file), nil)
	d.Must(err)
	return report
}

func TestEvidenceTellsWhoReleasedWhatToWhom(t *testing.T) {
	d := newDecided(t)
	report := d.verify(d.file(d.all))
	if len(report.Problems) > 0 {
		t.Fatal(report.Problems[0])
	}
	var out bytes.Buffer
	d.Must(report.Print(&out))
	want := `2030-01-02T03:05:05Z  alice (alice-terminal) released prod/db version 1 to consumer deploy-host, asked for by carol, under policy production, for 15m0s, because "incident 7"
2030-01-02T03:06:05Z  bob (bob-terminal) denied prod/db version 1 to consumer deploy-host, asked for by carol, under policy production, because "incident 7", saying "not now"
`
	if !strings.HasPrefix(out.String(), want) {
		t.Fatalf("got\n%s", out.String())
	}
	for _, line := range []string{"alice (alice-terminal): receipts 1 to 3", "bob (bob-terminal): receipts 1 to 1"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is missing in\n%s", line, out.String())
		}
	}
}

func TestAFileWithoutReceiptsProvesNothing(t *testing.T) {
	d := newDecided(t)
	for _, file := range []string{"", "\n \n"} {
		if _, err := evidence.Verify(d.Fold(0), strings.NewReader(file), nil); !errors.Is(err, evidence.ErrEmpty) {
			t.Errorf("%q: got %v", file, err)
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	d := newDecided(t)
	shuffled := []approval.Evidence{d.all[3], d.all[0], d.all[1], d.all[2]}
	if report := d.verify("\n" + d.file(shuffled)); len(report.Problems) > 0 {
		t.Fatal(report.Problems[0])
	}
}

func TestWhatIsWrongNamesItsLine(t *testing.T) {
	d := newDecided(t)
	lines := strings.SplitAfter(strings.TrimSuffix(d.file(d.all), "\n"), "\n")
	forged := newDecided(t)
	swapped := approval.Evidence{Receipt: d.all[0].Receipt, Request: d.all[1].Request}
	for name, c := range map[string]struct {
		file string
		line int
		want error
	}{
		"an altered byte":                {lines[0] + strings.Replace(lines[1], `"sig":"`, `"sig":"A`, 1), 2, envelope.ErrSignature},
		"another spelling":               {lines[0] + " " + lines[1], 2, envelope.ErrEncoding},
		"not evidence at all":            {lines[0] + "hello\n", 2, envelope.ErrEncoding},
		"another organisation's":         {lines[0] + forged.file(forged.all[1:2]), 2, roster.ErrOrganisation},
		"a receipt with another request": {d.file([]approval.Evidence{swapped}), 1, approval.ErrRelease},
		"a receipt that stands twice":    {lines[0] + lines[1] + lines[0], 3, evidence.ErrTwice},
		"a receipt missing in between":   {lines[0] + lines[1] + lines[3], 3, approval.ErrReceipts},
		"the first receipt missing":      {lines[1] + lines[2] + lines[3], 2, approval.ErrReceipts},
	} {
		t.Run(name, func(t *testing.T) {
			report := d.verify(c.file)
			if len(report.Problems) == 0 {
				t.Fatal("accepted")
			}
			if p := report.Problems[0]; p.Line != c.line || !errors.Is(p, c.want) {
				t.Fatalf("got %v, want %v at line %d", p, c.want, c.line)
			}
		})
	}
}

func TestALogThatIsTooShortIsNamed(t *testing.T) {
	d := newDecided(t)
	report, err := evidence.Verify(d.Fold(len(d.Log)-1), strings.NewReader(d.file(d.all[:1])), nil)
	d.Must(err)
	if len(report.Problems) != 1 || !errors.Is(report.Problems[0], roster.ErrBehind) {
		t.Fatalf("got %v", report.Problems)
	}
}

func TestVerifyingCannotOpenASocket(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if slices.Contains(strings.Fields(string(out)), "net") {
		t.Fatal("this package can reach the network")
	}
}
