package desk_test

import (
	"fmt"
	"testing"
	"time"

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
