package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/plugins/phone"
)

func TestOneFaultOfAHostIsOneLine(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	r := phone.Report{URL: "https://approve.example/", Hash: hash, Want: hash, Version: "1.2.0", Wanted: "1.3.0"}
	for i := range 66 {
		r.Files = append(r.Files, phone.Checked{Name: fmt.Sprintf("file-%02d.js", i), Hash: hash, Headers: []string{"X-Frame-Options is missing"}})
	}
	r.Files[0].Headers = append(r.Files[0].Headers, "Cache-Control lets browsers keep it: set no-cache")
	r.Files[40].Faults = []string{"other contents"}
	r.Files = append(r.Files, phone.Checked{Name: "gone.js", Faults: []string{"is not served: status 404"}})
	var out bytes.Buffer
	a := &app{Terminal: terminal.New(strings.NewReader(""), &out, io.Discard)}
	a.Format = terminal.Table
	if err := a.printReport(r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range [][]string{
		{"FILE"}, {"file-40.js", "DIFFERS: other contents"}, {"gone.js", "DIFFERS: is not served"},
		{"on all 66 files", "HEADERS: X-Frame-Options is missing"}, {"file-00.js", "HEADERS: Cache-Control"}, {"65 of 67 files", "contents ok"},
	} {
		for _, text := range want {
			if !strings.Contains(lines[i], text) {
				t.Errorf("line %d is %q, without %q", i, lines[i], text)
			}
		}
	}
	for _, text := range []string{"1.2.0", "1.3.0"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("version %s is not shown", text)
		}
	}
}
