package dev

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrNotArrived means that the read of the demonstration ended without the
// secret.
var ErrNotArrived = errors.New("the read did not print the secret")

const (
	demoPath   = "prod/db"
	demoReason = "restore after incident 7"
)

// Demo shows the main job on a server with an organisation in it: a secret is
// stored, a read waits, alice says yes, the read prints the secret. Where a
// person sits at the terminal, they are alice; otherwise her device says yes by
// itself. It returns nil only if the secret arrived.
func Demo(ctx context.Context, s *Server, stage Stage) error {
	d := &demo{Server: s, Stage: stage, password: rand.Text()}
	for _, act := range []func(context.Context) error{d.introduce, d.store, d.read, d.answer, d.arrive, d.prove} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	d.conclude()
	return nil
}

// Stage is where a demonstration speaks.
type Stage struct {
	In     io.Reader
	Out    io.Writer
	Person bool // somebody sits there who can be asked
	Colour bool
}

// How long the read may take once alice has answered. A person may have answered
// nothing, and is not kept waiting; where nobody sits, the machine may be a slow one.
const (
	afterAnswer = 10 * time.Second
	afterYes    = time.Minute
)

type demo struct {
	*Server
	Stage
	password string
	vault    string         // path of the vault command, empty where there is none
	client   *broker.Client // the administrator's, to see whether the read waits
	reading  *reading
}

func (d *demo) introduce(ctx context.Context) error {
	d.title("Stillvault: a secret that no server can open")
	d.say("For demonstration, on this machine only; all of it is gone when it ends.")
	d.act("The server runs")
	d.say("%s, at %s", d.Kind, d.Address)
	d.say("alice or bob has to approve whatever is read below prod/. It has no key of theirs.")
	var err error
	if d.vault, err = findVault(ctx); err != nil {
		return err
	}
	d.client, err = broker.New(broker.Config{Address: d.Address, Token: d.People["admin"].Token, Mount: Mount})
	return err
}

func (d *demo) store(ctx context.Context) error {
	d.act("An author stores a secret")
	if err := d.write(ctx); err != nil {
		return fmt.Errorf("store the secret: %w", err)
	}
	d.say("It was sealed to alice and bob. What could open it on the server is wiped.")
	return nil
}

// write stores the secret with the vault command where there is one, else as
// that does.
func (d *demo) write(ctx context.Context) error {
	if d.vault != "" {
		d.shell("vault write %s/secret/%s username=app password=%s", Mount, demoPath, d.password)
		cmd := exec.CommandContext(ctx, d.vault, "write", Mount+"/secret/"+demoPath, "username=app", "password="+d.password)
		cmd.Env = d.environment("author")
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("vault write: %w: %s", err, lastLine(string(said)))
		}
		return nil
	}
	client, err := broker.New(broker.Config{Address: d.Address, Token: d.People["author"].Token, Mount: Mount})
	if err != nil {
		return err
	}
	value := fmt.Sprintf(`{"username":"app","password":%q}`, d.password)
	d.say("PUT /v1/%s/secret/%s %s", Mount, demoPath, value)
	_, err = client.WriteSecret(ctx, demoPath, []byte(value), nil)
	return err
}

func (d *demo) read(ctx context.Context) error {
	d.act("carol reads it")
	d.reading = d.startReading(ctx)
	d.shell("%s", d.reading.line)
	began := time.Now()
	for {
		status, err := d.client.ReadStatus(ctx)
		if err != nil {
			return err
		}
		if status.WaitingReaders > 0 {
			break
		}
		select {
		case <-d.reading.done:
			return d.reading.failure()
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	// Long enough to see that nothing happens.
	select {
	case <-time.After(time.Until(began.Add(time.Second))):
	case <-d.reading.done:
		return d.reading.failure()
	}
	d.say("%s", d.dim("… it waits, and prints nothing"))
	if d.Person {
		d.say("")
		d.say("The same in a second terminal joins this request; nobody is asked twice:")
		for _, variable := range d.Variables("carol")[:2] {
			d.say("export %s", variable)
		}
		d.shell("%s", d.reading.line)
	}
	return nil
}

func (d *demo) answer(ctx context.Context) error {
	d.act("alice is asked")
	if d.Person {
		d.say("You are alice.")
	}
	args := []string{"approve", "--approver", "alice", "--once"}
	if !d.Person {
		args = append(args, "--all")
		d.say("No terminal here, so alice's device says yes by itself.")
	}
	cmd, err := d.command(ctx, "alice", args...)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = d.In, d.Out, d.Out
	if !d.Person {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, &said, &said
	}
	err = cmd.Run()
	if !d.Person {
		d.quote(said.Bytes())
	}
	if err != nil {
		return fmt.Errorf("stillvault approve: %w", err)
	}
	return nil
}

func (d *demo) arrive(ctx context.Context) error {
	d.act("The read ends")
	limit := afterAnswer
	if !d.Person {
		limit = afterYes
	}
	select {
	case <-d.reading.done:
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(limit):
		return fmt.Errorf("%w: nobody said yes", ErrNotArrived)
	}
	if !bytes.Contains(d.reading.out.Bytes(), []byte(d.password)) {
		d.quote(d.reading.complaint.Bytes())
		return d.reading.failure()
	}
	if n := d.reading.again; n > 0 {
		d.say("It was run %d times again, as the answer took long; alice was asked once.", n)
	}
	d.quote(d.reading.out.Bytes())
	d.say("%s", d.green("The secret arrived."))
	return nil
}

func (d *demo) prove(ctx context.Context) error {
	d.act("What the server has")
	found, err := examine(ctx, d.Storage, []byte(d.password))
	if err != nil {
		return err
	}
	if found.holds > 0 {
		return fmt.Errorf("the password lies in %d of the server's entries", found.holds)
	}
	d.say("%d entries, %d KiB in its storage. The password is in none of them, neither as text", found.entries, found.bytes>>10)
	d.say("nor in hexadecimal or base64. What it has of the secret is this:")
	d.say("%s", d.dim(found.sample))
	return nil
}

func (d *demo) conclude() {
	d.act("Next")
	d.say("stillvault dev          keeps such a server running, to try the rest")
	d.say("stillvault install      puts the plug-in into a Vault that you run")
	d.say("README.md               how it works, and what it does not protect")
	d.say("")
}
