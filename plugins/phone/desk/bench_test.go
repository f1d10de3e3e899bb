package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// BenchmarkApprove measures what an approval takes besides the authenticator. What
// counts is WebAssembly:
//
//	GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" -run '^$' -bench . ./plugins/phone/desk
func BenchmarkApprove(b *testing.B) {
	benchmark(b, func(p *phone, c desk.Card) { _, err := p.approve(c); p.must(err) })
}

// BenchmarkDeny measures what a denial takes.
func BenchmarkDeny(b *testing.B) {
	benchmark(b, func(p *phone, c desk.Card) { p.do("deny", args{"hash": c.Hash}, nil, nil) })
}

// BenchmarkOpen measures how long a desk takes to open, with a log of 30
// statements.
func BenchmarkOpen(b *testing.B) {
	o, p := ready(b, nil)
	for len(o.Log) < 30 {
		o.AdmitConsumer(fmt.Sprintf("host-%d", len(o.Log)), roster.ConsumerHost)
	}
	p.list()
	for b.Loop() {
		p.reload()
	}
}

// BenchmarkReview measures how long a listing of one new request takes, match code
// included.
func BenchmarkReview(b *testing.B) {
	o, p := ready(b, nil)
	for b.Loop() {
		b.StopTimer()
		o.items = nil
		o.Now = o.Now.Add(time.Second)
		o.ask("prod/db")
		b.StartTimer()
		p.one()
	}
}

func benchmark(b *testing.B, answer func(*phone, desk.Card)) {
	o, p := ready(b, nil)
	for b.Loop() {
		b.StopTimer()
		o.items = nil
		o.Now = o.Now.Add(time.Second)
		o.ask("prod/db")
		c := p.one()
		b.StartTimer()
		answer(p, c)
	}
}

// BenchmarkReshare measures what a page of 64 versions takes to be dealt, from 2 of 3
// to 2 of 4.
func BenchmarkReshare(b *testing.B) {
	o, p := enrolled(b)
	bob, erin, frank := o.Admit("bob"), o.Admit("erin"), o.Admit("frank")
	o.policy(nil, coretest.Need("dba", 2, o.person("alice"), bob, erin))
	paths := make([]string, approval.MaxDeals)
	for i := range paths {
		paths[i] = fmt.Sprintf("prod/%02d", i)
	}
	v := o.reshares(paths, func(p *roster.Policy) {
		p.Requirements = []roster.Requirement{coretest.Need("dba", 2, o.person("alice"), bob, erin, frank)}
	})
	v.page = approval.MaxDeals
	hash := p.theReshare().Hash
	for b.Loop() {
		b.StopTimer()
		p.theReshare() // which says again that none was dealt
		p.look(v, hash)
		p.must(p.begin(hash))
		var c desk.Call
		p.do("reshareCall", args{"hash": hash}, nil, &c)
		page := args{"hash": hash, "call": c.Call, "sealed": v.answerPage(c.Call)}
		b.StartTimer()
		p.do("reshareDeal", page, nil, nil)
	}
}
