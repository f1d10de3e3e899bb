package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/plugins/broker"
)

func TestPreviewOfManySecretsIsALineForEachPolicy(t *testing.T) {
	w := coretest.NewWorld(t)
	alice, bob := w.Admit("alice"), w.Admit("bob")
	w.SetPolicy(coretest.Policy("production", "prod/*", nil, coretest.Need("any", 1, alice, bob)))
	var paths []string
	for i := range 200 {
		paths = append(paths, fmt.Sprintf("prod/%03d", i))
	}
	said := func(format terminal.Format) string {
		var err bytes.Buffer
		a := &app{Terminal: terminal.New(strings.NewReader(""), &bytes.Buffer{}, &err)}
		a.Format = format
		a.sayPreview(w.Roster, &broker.Preview{Uncovered: append(paths, "elsewhere"), Exposed: paths[:1], Unruled: []string{"other/a", "other/b"}}, paths[:2])
		return err.String()
	}
	const want = `warning: 200 secrets under production, each of which would be lost with the next person: prod/000, prod/001, prod/002, prod/003, prod/004 and 195 more
warning: elsewhere would be lost with the next person
warning: 2 secrets under no policy, each of which could not be released by anybody until a policy covers it: other/a, other/b
warning: prod/000 would be exposed until it is written again
2 secrets under production, each of which can be read again when it is re-shared: prod/000, prod/001
`
	if got := said(terminal.Table); got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
	if got := said(terminal.JSON); !strings.Contains(got, "prod/199") || strings.Contains(got, "more") {
		t.Errorf("as JSON, not all are named: %s", got)
	}
}

func TestStatusOfManySecretsIsALineForEachKind(t *testing.T) {
	var paths []string
	for i := range 100 {
		paths = append(paths, fmt.Sprintf("prod/%03d", i))
	}
	var out bytes.Buffer
	a := &app{Terminal: terminal.New(strings.NewReader(""), &out, &out)}
	v := statusView{Status: &broker.Status{Exposed: paths, ExposedCount: 250, Stale: paths[:1], Rotate: paths[:2], RotateCount: 2}}
	if err := a.Print(v, v.attention); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"exposed  250 secrets, prod/000, prod/001, prod/002, prod/003, prod/004, prod/005, prod/006, prod/007, prod/008, prod/009 and 240 more: somebody outside its policy",
		"stale    prod/000: its policy",
		"rotate   2 secrets, prod/000, prod/001: opened by",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("status has no %q:\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines", n)
	}
}
