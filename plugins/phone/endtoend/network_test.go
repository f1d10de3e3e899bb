package endtoend

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/stillvault/stillvault/core/envelope"
)

// setOffline tells the phone that it has no network, or that it has one again.
func (p *phone) setOffline(offline bool) {
	p.t.Helper()
	p.must(call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: offline, DownloadThroughput: -1, UploadThroughput: -1,
	}))
}

// installed waits until a service worker serves the page.
func (p *phone) installed() {
	p.t.Helper()
	p.awaitTrue("a service worker to take over", `navigator.serviceWorker.controller !== null`)
}

// expectLoss says that the browser may complain of a network that is not there.
func (p *phone) expectLoss() { p.log.allow(`net::ERR_|Failed to load resource|Failed to fetch`) }

// Between the tap and the broker lies a network: an answer that was given is
// kept, survives a reload, and arrives once.
func TestAnswersArriveOnceWhateverTheNetworkDoes(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.enrolled(t, front, phoneOptions{})
	p.expectLoss()
	area := s.policyFor(t, []string{p.name})
	for _, test := range []struct {
		name   string
		lie    func() func()
		reload bool
	}{
		{"the answer does not get there", func() func() { front.lie(dropPath("device/answer")); return func() { front.lie(nil) } }, false},
		{"reload before it gets there", func() func() { front.lie(dropPath("device/answer")); return func() { front.lie(nil) } }, true},
		{"it gets there and nobody says so", func() func() { front.lie(dropAnswersTo("device/answer")); return func() { front.lie(nil) } }, false},
		{"it gets there, nobody says so, reload", func() func() { front.lie(dropAnswersTo("device/answer")); return func() { front.lie(nil) } }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.at(t)
			path := area + "/" + unique("db")
			password := s.store(t, path)
			read := s.read(t, s.member(t), path, "")
			p.openRequest(path)
			before := front.count("POST", "device/answer")
			honest := test.lie()
			p.click("approve")
			p.awaitAny("the answer to be tried", func() bool { return front.count("POST", "device/answer") > before })
			if test.reload {
				p.reload()
				p.awaitScreen("requests")
			}
			honest()
			read.gives(password)
			if !test.reload {
				p.outcome("approved")
				p.goHome()
			}
			if n := s.receipts(t, path); n != 1 {
				t.Errorf("the broker has %d receipts of one answer", n)
			}
			p.awaitAny("the answer to count as sent", func() bool { return !strings.Contains(p.stored(), "/unsent/") })
		})
	}
}

// receipts is how many decisions about a path the broker has on record.
func (s *site) receipts(t testing.TB, path string) int {
	t.Helper()
	client, err := s.client(s.admin)
	fatal(t, err)
	n := 0
	var after envelope.ID
	for {
		ids, err := client.ListReceipts(t.Context(), after)
		fatal(t, err)
		if len(ids) == 0 {
			return n
		}
		for _, id := range ids {
			evidence, err := client.ReadReceipts(t.Context(), id)
			fatal(t, err)
			for _, e := range evidence {
				if strings.Contains(string(e.Request.Payload), `"`+path+`"`) {
					n++
				}
			}
			after = id
		}
	}
}

// The app opens without a network, says what it cannot do, and goes on by
// itself when the network is back.
func TestTheAppOpensWithoutANetwork(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	front := s.newFront(t)
	p := s.enrolled(t, front, phoneOptions{})
	p.expectLoss()
	p.installed()
	path := s.policyFor(t, []string{p.name}) + "/db"
	password := s.store(t, path)
	p.approveOnce(path, password)

	front.lie(dropAll)
	p.reload()
	p.awaitScreen("requests")
	p.awaitText("cannot be reached")
	p.historyHas(path, "Approved")

	p.setOffline(true)
	p.reload()
	p.awaitScreen("requests")
	p.awaitText("offline")
	p.setOffline(false)
	front.lie(nil)
	next := strings.TrimSuffix(path, "db") + "next"
	p.approveOnce(next, s.store(t, next))
}

// approveOnce has somebody read a path, says yes on the phone and goes back to
// the list.
func (p *person) approveOnce(path, password string) {
	p.t.Helper()
	read := p.site.read(p.t, p.site.member(p.t), path, "")
	p.approve(path)
	read.gives(password)
	p.goHome()
}

// One tab works at a time: the other says so, and can take over.
func TestOneTabWorksAtATime(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	path := s.policyFor(t, []string{p.name}) + "/db"
	password := s.store(t, path)
	read := s.read(t, s.member(t), path, "")
	p.openRequest(path)

	second := *p
	second.phone = p.newTab()
	second.open(p.front.app())
	second.awaitScreen("elsewhere")
	if !p.offers("approve") {
		t.Error("the first tab gave up by itself")
	}
	second.click("use-here")
	second.awaitScreen("requests")
	p.awaitScreen("elsewhere")
	if p.offers("approve") {
		t.Error("both tabs can approve")
	}
	p.click("use-here")
	p.awaitScreen("requests")
	second.awaitScreen("elsewhere")
	p.approve(path)
	read.gives(password)
	if n := p.front.count("POST", "device/answer"); n != 1 {
		t.Errorf("%d answers were posted", n)
	}
}
