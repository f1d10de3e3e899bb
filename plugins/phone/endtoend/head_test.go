package endtoend

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A broker that keeps the last receipt to itself is found out with what the phone's
// settings show.
func TestTheHeadOnAPhoneFindsAReceiptThatIsKeptBack(t *testing.T) {
	t.Parallel()
	s := ownSite(t, "")
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	area := s.policyFor(t, []string{p.name})
	p.approveOnce(area+"/db", s.store(t, area+"/db"))
	s.store(t, area+"/other")
	read := s.read(t, s.member(t), area+"/other", "")
	p.deny(area+"/other", "not today")
	read.fails("denied")
	p.goHome()
	p.click("tab-settings")
	p.awaitScreen("settings")
	p.awaitTrue("the head", `document.querySelector('[data-field="receipt-head"]') !== null`)
	head := p.field("receipt-head")

	dir := t.TempDir()
	whole, cut := filepath.Join(dir, "whole.jsonl"), filepath.Join(dir, "cut.jsonl")
	receipts := []byte(s.signer(t, "receipts", "export"))
	fatal(t, os.WriteFile(whole, receipts, 0o600))
	s.signer(t, "receipts", "verify", whole, "--device-head", head)
	last := bytes.LastIndexByte(bytes.TrimRight(receipts, "\n"), '\n')
	fatal(t, os.WriteFile(cut, receipts[:last+1], 0o600))
	s.signer(t, "receipts", "verify", cut)
	if r := s.trySigner("receipts", "verify", cut, "--device-head", head); r.code == 0 {
		t.Errorf("the denial that is missing is not found:\n%s%s", r.stdout, r.stderr)
	}
}
