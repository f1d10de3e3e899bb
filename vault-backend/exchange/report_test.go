package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// reports denies a case with a report.
func (p *approver) reports(c *approval.Case) approval.Release {
	p.scene.T.Helper()
	rel, err := c.Deny("I do not know her", true, p.Device.Signer(), p.ledger, p.scene.clock.Now())
	p.scene.Must(err)
	p.ledger = p.ledger.After(rel.Receipt)
	return rel
}

func TestAReportKeepsItsRequesterFromAskingForADay(t *testing.T) {
	s := newScene(t, 2, nil)
	r := s.read(ask())
	id := s.only()
	s.people[0].answers(s.people[0].reports(s.people[0].review()), exchange.Denied)
	r.fails(approval.ErrDenied, "I do not know her")
	s.clock.advance(23 * time.Hour)
	s.crash()
	s.read(ask()).fails(exchange.ErrReported, "reported_recently: approver-0 denied and reported it", "in 1h0m0s")
	s.hostAsks(nil).post().fails(exchange.ErrReported)
	one, err := s.x.Report(id)
	s.Must(err)
	if all := s.x.Reports(); len(all) != 1 || s.x.Stats().Reports != 1 || all[0].Request != id || one.By != "approver-0" || one.Text != "I do not know her" ||
		one.Origin.Requester != "carol" || one.Path != path || one.Reason != "incident 7" {
		t.Fatalf("%d reports", len(all))
	}
	s.clock.advance(time.Hour)
	s.read(ask()) // and the report stays
	if len(s.x.Reports()) != 1 {
		t.Fatal("a report is gone that nobody acknowledged")
	}
	s.recordedAs(id, "")
}

func TestAcknowledgingAReportLiftsItsCooldown(t *testing.T) {
	s := newScene(t, 2, nil)
	s.read(ask())
	id := s.only()
	s.people[0].answers(s.people[0].reports(s.people[0].review()), exchange.Denied)
	s.read(ask()).ends() // told of the denial
	for stop := 1; stop <= 2; stop++ {
		s.store.stopAt = s.store.writes + stop
		s.fails(s.x.AcknowledgeReport(t.Context(), id, "root"), errStopped)
		s.crash()
		if len(s.x.Reports()) != 1 {
			t.Fatal("a report is gone before it was acknowledged")
		}
	}
	for range 2 {
		s.Must(s.x.AcknowledgeReport(t.Context(), id, "root"))
	}
	_, err := s.x.Report(id)
	s.fails(err, exchange.ErrUnknownReport)
	if n := len(s.store.names("report/")) + len(s.store.names("cooldown/")); n != 0 {
		t.Fatalf("%d entries are left", n)
	}
	s.crash()
	s.read(ask())
	s.prompts(1)
}

// An ordinary denial of another request must not shorten what a report began.
func TestAnOrdinaryDenialDoesNotShortenAReport(t *testing.T) {
	s := newScene(t, 2, nil)
	r, h := s.read(ask()), s.hostAsks(nil)
	posted := h.post()
	items := s.people[0].inbox()
	s.people[0].answers(s.people[0].reports(s.people[0].reviewItem(items[0])), exchange.Denied)
	s.people[0].answers(s.people[0].deny(s.people[0].reviewItem(items[1]), "no"), exchange.Denied)
	r.ends()
	posted.ends()
	s.clock.advance(time.Hour)
	s.read(ask()).fails(exchange.ErrReported)
}

// TestAStoppedStorageLosesNoReport stops the storage at each write of a report in
// turn, for the mount and for a host, and lets the device send it again.
func TestAStoppedStorageLosesNoReport(t *testing.T) {
	for _, host := range []bool{false, true} {
		for stop := 1; ; stop++ {
			s := newScene(t, 2, nil)
			if host {
				s.hostAsks(nil).post()
			} else {
				s.read(ask())
			}
			id, item := s.only(), s.people[0].inbox()[0]
			rel := s.people[0].reports(s.people[0].review())
			s.store.stopAt = s.store.writes + stop
			_, err := s.x.Answer(t.Context(), rel)
			stopped := err != nil
			if stopped {
				s.fails(err, errStopped)
				s.crash()
				if _, err = s.x.Answer(t.Context(), rel); err != nil {
					// The mount's request died with its process; the device brings it.
					s.fails(err, exchange.ErrUnknownRequest)
					s.Must(s.x.RecordLost(t.Context(), approval.Evidence{Receipt: rel.Receipt, Request: item.Request}))
				}
			}
			s.store.stopAt = 0
			s.crash()
			if all := s.x.Reports(); len(all) != 1 || all[0].Request != id || all[0].By != "approver-0" {
				t.Fatalf("stopped at write %d: %d reports", stop, len(all))
			}
			if n := len(s.receipts()); n != 1 {
				t.Fatalf("stopped at write %d: %d records", stop, n)
			}
			if !stopped {
				break
			}
		}
	}
}
