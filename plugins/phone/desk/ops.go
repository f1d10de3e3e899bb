package desk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Secrets are an operation's secret arguments by name: prf, prf1, prf2, password,
// recovery. They stay the caller's to wipe.
type Secrets map[string][]byte

// operation does one thing at a desk.
type operation func(d *Desk, args []byte, s Secrets) (any, error)

// operations are all of them, by name.
var operations = map[string]operation{
	"open":     plain((*Desk).open),
	"readLink": plain((*Desk).readLink),
	"begin":    plain((*Desk).begin),
	"gesture":  plain((*Desk).gesture),
	"made":     plain((*Desk).made),
	"wrap":     with((*Desk).wrap),
	"confirm":  plain((*Desk).confirm),
	"admitted": plain((*Desk).admitted),
	"abandon":  plain((*Desk).abandon),

	"call":    plain((*Desk).call),
	"receive": plain((*Desk).receive),
	"failed":  plain((*Desk).failed),
	"approve": with((*Desk).approve),
	"deny":    plain((*Desk).deny),
	"sent":    plain((*Desk).sent),
	"unsent":  plain((*Desk).unsent),
	"history": plain((*Desk).history),
	"devices": plain((*Desk).devices),
	"head":    plain((*Desk).head),
	"mute":    plain((*Desk).mute),
	"unmute":  plain((*Desk).unmute),
	"dismiss": plain((*Desk).dismiss),

	"reshareCall":  plain((*Desk).reshareCall),
	"reshareLook":  plain((*Desk).reshareLook),
	"reshareBegin": with((*Desk).reshareBegin),
	"reshareDeal":  plain((*Desk).reshareDeal),
	"reshareEnd":   plain((*Desk).reshareEnd),

	"handoverStart":   plain((*Desk).handoverStart),
	"handoverPoll":    plain((*Desk).handoverPoll),
	"handoverOffered": plain((*Desk).handoverOffered),
	"handoverGive":    with((*Desk).handoverGive),
	"offer":           plain((*Desk).offer),
	"take":            plain((*Desk).take),

	"kitToken":    with((*Desk).kitTokenOf),
	"restore":     with((*Desk).restore),
	"check":       with((*Desk).check),
	"backup":      plain((*Desk).backupFile),
	"fingerprint": plain((*Desk).fingerprint),
}

// plain makes an operation of one without secrets.
func plain[A, R any](f func(*Desk, A) (R, error)) operation {
	return func(d *Desk, args []byte, _ Secrets) (any, error) {
		var a A
		if err := d.read(args, &a); err != nil {
			return nil, err
		}
		return f(d, a)
	}
}

// with makes an operation of one with secrets.
func with[A, R any](f func(*Desk, A, Secrets) (R, error)) operation {
	return func(d *Desk, args []byte, s Secrets) (any, error) {
		var a A
		if err := d.read(args, &a); err != nil {
			return nil, err
		}
		return f(d, a, s)
	}
}

// read reads an operation's arguments, and what time it is.
func (d *Desk) read(args []byte, a any) error {
	if len(args) == 0 {
		args = []byte("{}")
	}
	var when moment
	if json.Unmarshal(args, &when) != nil || json.Unmarshal(args, a) != nil {
		// What encoding/json says may quote what it was given.
		return ErrArguments
	}
	d.now = d.clock()
	if when.Now != 0 {
		d.now = when.Now.Time()
	}
	return nil
}

// moment is in the arguments of every operation: the time in milliseconds since
// 1970. The desk's own clock is used where it is left out.
type moment struct {
	Now envelope.Time `json:"now"`
}

// none are the arguments of an operation that has none.
type none struct{}

// Keep is in the result of every operation that changes what has to survive: the
// new text of an entry, or nil for one that is to be deleted.
type Keep struct {
	Keep map[string]*string `json:"keep,omitempty"`
}

func (k *Keep) keep(changes map[string]*string) { k.Keep = changes }

// keeper is a result that [Keep] is part of.
type keeper interface{ keep(map[string]*string) }

// Do runs an operation. args is a JSON object, the result is made to be written
// as JSON. An error's name, by which programs tell errors apart, is [Name] of it;
// none holds secrets.
func (d *Desk) Do(op string, args []byte, s Secrets) (any, error) {
	run, known := operations[op]
	if !known {
		return nil, fmt.Errorf("%q: %w", op, ErrArguments)
	}
	ok, err := run(d, args, s)
	if err != nil {
		return nil, err
	}
	if k, keeps := ok.(keeper); keeps {
		k.keep(d.kept.take())
	}
	return ok, nil
}

// shown returns a time as the page takes it.
func shown(t envelope.Time) string { return t.Time().Format(time.RFC3339Nano) }
