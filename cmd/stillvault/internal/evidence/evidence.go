// Package evidence verifies what approvers decided, long after and far away: it
// needs the receipts, the organisation's log and nothing else, and opens no
// connection.
//
// A file of evidence is JSON Lines: the canonical JSON of one
// [approval.Evidence] a line, as [Write] writes it.
package evidence

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

var (
	// ErrEmpty means that a file has no evidence at all.
	ErrEmpty = errors.New("evidence_empty: there are no receipts in it, so it proves nothing; export them with `stillvault receipts export`")
	// ErrTwice means that a file has a receipt on an earlier line already. No
	// export does that; who counts the lines would count a decision twice.
	ErrTwice = errors.New("receipt_twice: the receipt stands twice")
)

// Write writes evidence, a line each.
func Write(w io.Writer, all []approval.Evidence) error {
	for _, e := range all {
		line, err := envelope.Encode(e)
		if err != nil {
			return fmt.Errorf("write evidence: %w", err)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write evidence: %w", err)
		}
	}
	return nil
}

// Problem is what is wrong with a line, counted from 1; 0 is the file as a whole.
type Problem struct {
	Line int
	Err  error
}

// Error names the line.
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.Err.Error()
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Err)
}

// Unwrap returns what is wrong.
func (p *Problem) Unwrap() error { return p.Err }

// Proven is a line that holds, and what it proves.
type Proven struct {
	Line    int
	Finding approval.Finding
	// Policy is the one under which it was decided; nil where the path had none
	// then, which only a receipt that counted for nothing can say.
	Policy *roster.Policy
}

// Device is how many receipts of a device were shown, without a gap from the
// first, up to which the organisation's checkpoints vouch for them, and up to which
// the device itself does, 0 where it was not asked.
type Device struct {
	ID       envelope.ID
	Name     string
	Approver string
	Receipts uint64

	Checkpointed uint64
	Own          uint64
	last         envelope.Hash
}

// Report is the result of [Verify].
type Report struct {
	Proven   []Proven
	Devices  []Device
	Problems []*Problem // by line
}

// Verify checks every line of a file, that the receipts of every device link up,
// and that they reach the heads that are known. What is wrong is in the report; the
// error is [ErrEmpty], of a file without receipts where no head is known, or the file's not being readable.
func Verify(r *roster.Roster, file io.Reader, heads []Head) (*Report, error) {
	report := new(Report)
	lines := map[int]envelope.Signed{}
	first := map[envelope.Hash]int{} // line of each receipt
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, envelope.MaxMessage)
	for number := 1; scanner.Scan(); number++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		proven, receipt, err := verifyLine(r, number, scanner.Bytes())
		if err != nil {
			report.Problems = append(report.Problems, &Problem{number, err})
			continue
		}
		if earlier, twice := first[receipt.Hash()]; twice {
			report.Problems = append(report.Problems, &Problem{number, fmt.Errorf("as line %d: %w", earlier, ErrTwice)})
			continue
		}
		first[receipt.Hash()] = number
		report.Proven = append(report.Proven, *proven)
		lines[number] = receipt
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read the evidence: %w", err)
	}
	// Where receipts are known to exist, a file without any is one cut off at its start.
	if len(report.Proven)+len(report.Problems)+len(heads) == 0 {
		return nil, ErrEmpty
	}
	report.verifyChains(r, lines)
	report.verifyHeads(r, heads, lines)
	slices.SortStableFunc(report.Problems, func(a, b *Problem) int { return a.Line - b.Line })
	return report, nil
}

func verifyLine(r *roster.Roster, number int, line []byte) (*Proven, envelope.Signed, error) {
	e, err := envelope.Decode[approval.Evidence](line)
	if err != nil {
		return nil, envelope.Signed{}, err
	}
	proven, err := One(r, e)
	if err != nil {
		return nil, envelope.Signed{}, err
	}
	proven.Line = number
	return proven, e.Receipt, nil
}

// One verifies a single piece of evidence; whether receipts are missing around
// it, only [Verify] can tell.
func One(r *roster.Roster, e approval.Evidence) (*Proven, error) {
	finding, err := e.Verify(r)
	if err != nil {
		return nil, err
	}
	proven := &Proven{Finding: *finding}
	path := finding.Request.Path
	if len(finding.Reshared) > 0 {
		path = finding.Reshared[0].Path // all are under one policy
	}
	if policy, err := r.PolicyAt(path, finding.Receipt.Roster); err == nil {
		proven.Policy = policy
	}
	return proven, nil
}
