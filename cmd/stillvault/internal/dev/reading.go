package dev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
)

// reading is a read that carol does meanwhile. Its fields may be looked at once
// done is closed.
type reading struct {
	line      string // as typed
	out       bytes.Buffer
	complaint bytes.Buffer
	again     int // how often it was run again, because its wait had ended
	done      chan struct{}
}

// ReadLine is how the secret of the demonstration is read.
const ReadLine = "vault read " + Mount + "/secret/" + demoPath + ` reason="` + demoReason + `"`

// findVault returns the path of the vault command, empty where there is none
// that would do.
func findVault(ctx context.Context) (string, error) {
	vault, err := vaultserver.Find(ctx, checkout())
	switch {
	case errors.Is(err, vaultserver.ErrNoVault), errors.Is(err, vaultserver.ErrNotVault), errors.Is(err, vaultserver.ErrTooOld):
		return "", nil
	case err != nil:
		return "", err
	}
	return vault.Path, nil
}

// startReading reads with the vault command where there is one, else with our
// own.
func (d *demo) startReading(ctx context.Context) *reading {
	r := &reading{line: ReadLine, done: make(chan struct{})}
	if d.vault == "" {
		r.line = fmt.Sprintf("stillvault read --reason=%q %s", demoReason, demoPath)
	}
	go r.run(func() (*exec.Cmd, error) {
		if d.vault == "" {
			return d.command(ctx, "carol", "read", "--reason="+demoReason, demoPath)
		}
		cmd := exec.CommandContext(ctx, d.vault, "read", Mount+"/secret/"+demoPath, "reason="+demoReason)
		cmd.Env = d.environment("carol")
		return cmd, nil
	})
	return r
}

// run runs the command, again and again while it says that its wait ended and
// that nobody has answered: a person may take longer than one wait.
func (r *reading) run(prepare func() (*exec.Cmd, error)) {
	defer close(r.done)
	for {
		cmd, err := prepare()
		if err == nil {
			r.out.Reset()
			r.complaint.Reset()
			cmd.Stdout, cmd.Stderr = &r.out, &r.complaint
			err = cmd.Run()
		}
		if err == nil || !bytes.Contains(r.complaint.Bytes(), []byte("request_waiting")) {
			return
		}
		r.again++
	}
}

// failure says why the read ended as it did.
func (r *reading) failure() error {
	return fmt.Errorf("%w: %s", ErrNotArrived, lastLine(r.complaint.String()))
}
