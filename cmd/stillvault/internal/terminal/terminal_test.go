package terminal_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
)

func TestVisibleShowsWhatATerminalWouldObey(t *testing.T) {
	for in, want := range map[string]string{
		"plain words":     "plain words",
		"größe":           "größe",
		"\x1b[31mred":     `\u{1b}[31mred`,
		"a\u202eb":        `a\u{202e}b`,
		"two\nlines":      "two lines",
		"a\xffb":          `a\u{fffd}b`,
		"zero\u200bwidth": `zero\u{200b}width`,
	} {
		if got := terminal.Visible(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestPrint(t *testing.T) {
	value := map[string]string{"name": "a<b"}
	for format, want := range map[terminal.Format]string{
		terminal.JSON:  "{\n  \"name\": \"a<b\"\n}\n",
		terminal.Table: "name  a<b\n",
	} {
		var out, errs bytes.Buffer
		term := terminal.New(strings.NewReader(""), &out, &errs)
		term.Format = format
		err := term.Print(value, func(rows *terminal.Rows) { rows.Row("name", value["name"]) })
		if err != nil || out.String() != want {
			t.Errorf("%s: got %q, %v; want %q", format, out.String(), err, want)
		}
	}
}

func TestConfirmTakesNothingButYes(t *testing.T) {
	for typed, yes := range map[string]bool{"y\n": true, "YES\n": true, "yes": true, "\n": false, "n\n": false, "ok\n": false, "": false} {
		var out, errs bytes.Buffer
		err := terminal.New(strings.NewReader(typed), &out, &errs).Confirm("go on?", "--yes")
		if (err == nil) != yes || err != nil && !errors.Is(err, terminal.ErrDeclined) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestHiddenReadsALineWhereThereIsNoTerminal(t *testing.T) {
	var out, errs bytes.Buffer
	term := terminal.New(strings.NewReader("first one \r\nsecond"), &out, &errs)
	for _, want := range []string{"first one ", "second"} {
		if got, err := term.Hidden("password:"); err != nil || string(got) != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	if _, err := term.Hidden("password:"); !errors.Is(err, terminal.ErrDeclined) {
		t.Fatalf("got %v at the end of input", err)
	}
	if strings.Contains(errs.String()+out.String(), "first") {
		t.Fatal("what was typed was shown")
	}
}

func TestQuestionsEndWhenTheyAreStopped(t *testing.T) {
	silent, keyboard := io.Pipe() // nobody types
	t.Cleanup(func() { _ = keyboard.Close() })
	var out, errs bytes.Buffer
	term := terminal.New(silent, &out, &errs)
	stopped := make(chan struct{})
	term.Until(stopped)
	close(stopped)
	if err := term.Confirm("go on?", "--yes"); !errors.Is(err, terminal.ErrDeclined) || strings.Contains(err.Error(), "--yes") {
		t.Errorf("Confirm: %v", err)
	}
	if _, err := term.Hidden("password:"); !errors.Is(err, terminal.ErrDeclined) {
		t.Errorf("Hidden: %v", err)
	}
}

func TestNoColourOnAPipe(t *testing.T) {
	var out, errs bytes.Buffer
	term := terminal.New(strings.NewReader(""), &out, &errs)
	term.Warn("careful")
	term.Fail(errors.New("broken"))
	if strings.Contains(errs.String(), "\x1b") {
		t.Fatalf("colours on a pipe: %q", errs.String())
	}
}

func TestProgressIsPlainLinesOnAPipe(t *testing.T) {
	var out, errs bytes.Buffer
	p := terminal.New(strings.NewReader(""), &out, &errs).NewProgress("production")
	p.At(64, 1000)
	p.At(1000, 1000)
	p.End()
	if got, want := errs.String(), "production  64 of 1000\nproduction  1000 of 1000\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}
