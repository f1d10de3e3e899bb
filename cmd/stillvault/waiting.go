package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrInterrupted means that somebody stopped waiting for a request of the mount.
var ErrInterrupted = errors.New("interrupted: the request stays open until its deadline; run the same command again to go on, or end it with `stillvault requests cancel`")

// waitView tells, on standard error, that a request waits for its people.
type waitView struct {
	out      io.Writer
	live     bool
	deadline time.Time
	stop     context.CancelFunc
	done     sync.WaitGroup
	tally    chan string // what is missing, as it changes
}

// waitFor begins to tell about a request, and who has decided where the token may
// look at it. Where standard error is a terminal, the time left runs down on a
// line of its own until end; in a log, a line says it all, and another one
// whenever somebody decided or the wait goes on.
func (a *app) waitFor(client *broker.Client, path string, id envelope.ID, code string, deadline time.Time) *waitView {
	v := &waitView{out: a.Err(), live: onTerminal(a.Err()), deadline: deadline, tally: make(chan string)}
	var ctx context.Context
	ctx, v.stop = context.WithCancel(context.Background())
	if code == "" {
		code = "not to be seen with this token"
	}
	every := tallyForLogs
	if v.live {
		every = tallyForPeople
		fmt.Fprintf(v.out, "waiting for approval of %s\n  request     %s\n  match code  %s\n", a.Bold(terminal.Visible(path)), id, a.Bold(code))
		v.done.Go(func() { v.run(ctx) })
	} else {
		fmt.Fprintf(v.out, "waiting for approval of %s, request %s, match code %s%s\n", terminal.Visible(path), id, code, v.left())
		v.done.Go(func() { v.log(ctx) })
	}
	v.done.Go(func() {
		watchTally(ctx, client, id, every, func(text string) {
			select {
			case v.tally <- terminal.Visible(text):
			case <-ctx.Done():
			}
		})
	})
	return v
}

// run keeps one line up to date.
func (v *waitView) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	missing := ""
	for {
		line := ""
		if !v.deadline.IsZero() {
			line = fmt.Sprintf("  time left   %s", v.remaining())
		}
		if missing != "" {
			line += "   " + missing
		}
		fmt.Fprintf(v.out, "\r\x1b[2K%s", line)
		select {
		case <-ctx.Done():
			fmt.Fprintln(v.out)
			return
		case missing = <-v.tally:
		case <-ticker.C:
		}
	}
}

// log writes a line for each change.
func (v *waitView) log(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case missing := <-v.tally:
			fmt.Fprintln(v.out, missing+v.left())
		}
	}
}

func (v *waitView) remaining() time.Duration {
	return max(time.Until(v.deadline), 0).Truncate(time.Second)
}

func (v *waitView) left() string {
	if v.deadline.IsZero() {
		return ""
	}
	return fmt.Sprintf(", %s left", v.remaining())
}

// progress is told that the wait goes on: a reader of a log file, too, is to see
// that the command is alive.
func (v *waitView) progress(string, time.Time) {
	if v != nil && !v.live {
		fmt.Fprintln(v.out, "still waiting"+v.left())
	}
}

func (v *waitView) end() {
	if v != nil {
		v.stop()
		v.done.Wait()
	}
}

// waitForKnown tells about a request that the mount made: with its match code
// where the token may look at it.
func (a *app) waitForKnown(ctx context.Context, client *broker.Client, path string, waiting error) *waitView {
	var e *broker.Error
	if !errors.As(waiting, &e) || e.RequestID().IsZero() {
		return nil
	}
	id, code, deadline := e.RequestID(), "", time.Time{}
	if known, err := client.ReadRequest(ctx, id); err == nil {
		deadline = known.Deadline
		if hash, err := envelope.ParseHash(known.Hash); err == nil {
			code = approval.MatchCode(hash)
		}
	}
	return a.waitFor(client, path, id, code, deadline)
}

func onTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
