package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// swapped returns a stored record with some fields of another one, as JSON in the
// order of the first.
func swapped(t *testing.T, record, other string, fields ...string) string {
	t.Helper()
	var mine, theirs map[string]json.RawMessage
	if json.Unmarshal([]byte(record), &mine) != nil || json.Unmarshal([]byte(other), &theirs) != nil {
		t.Fatal("a record is no JSON")
	}
	for _, f := range fields {
		if mine[f] == nil || theirs[f] == nil {
			t.Fatalf("no field %q", f)
		}
		record = strings.Replace(record, `"`+f+`":`+string(mine[f]), `"`+f+`":`+string(theirs[f]), 1)
	}
	return record
}

func TestStoredStateThatCannotBeReadIsNamed(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	_, err := p.approve(p.one())
	p.must(err)
	for name, spoil := range map[string]func(map[string]string){
		"no JSON":         func(m map[string]string) { m["device"] = "x" },
		"another version": func(m map[string]string) { m["device"] = strings.Replace(m["device"], `"version":1`, `"version":2`, 1) },
		"a seed cut short": func(m map[string]string) {
			m["device"] = strings.Replace(m["device"], `"kem_seed":"`, `"kem_seed":"AA`, 1)
		},
		"a hole in the log":       func(m map[string]string) { delete(m, "log/0000000001") },
		"a statement altered":     func(m map[string]string) { m["log/0000000001"] = m["log/0000000002"] },
		"a key that is no number": func(m map[string]string) { m["log/1"] = m["log/0000000001"] },
		"the ledger":              func(m map[string]string) { m["ledger"] = "{}" },
	} {
		t.Run(name, func(t *testing.T) {
			stored := map[string]string{}
			for key, text := range p.stored {
				stored[key] = text
			}
			spoil(stored)
			p.refused("stored_state_invalid", "open", args{"kept": stored}, nil)
		})
	}
	p.reload()
}

func TestOldDecisionsAreForgottenAndTheLogIsKeptOnce(t *testing.T) {
	o, p := ready(t, nil)
	o.ask("prod/db")
	_, err := p.approve(p.one())
	p.must(err)
	if n := p.entries("decided/"); n != 1 {
		t.Fatalf("%d decided", n)
	}
	o.items = nil
	o.Now = o.Now.Add(time.Hour)
	o.ask("prod/db")
	_, err = p.approve(p.one())
	p.must(err)
	if n := p.entries("decided/"); n != 1 {
		t.Fatalf("%d decided", n)
	}
	if n := p.entries("log/"); n != len(o.Log) {
		t.Fatalf("%d of %d statements", n, len(o.Log))
	}
	written := 0
	for _, text := range p.kept {
		if strings.Contains(text, "stillvault.statement") {
			written++
		}
	}
	if written != len(o.Log) {
		t.Fatalf("%d writes of %d statements", written, len(o.Log))
	}
}

func (p *phone) entries(prefix string) (n int) {
	for key := range p.stored {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}
