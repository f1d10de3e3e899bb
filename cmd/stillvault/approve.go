package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/approver"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

var (
	// ErrWhichApprover means that the approver to be is not clear.
	ErrWhichApprover = errors.New("approver_unclear: this state directory does not have exactly one approver; name one with --approver, or become one with `stillvault approver join`")
	// ErrNotAdmitted means that an approver joined, and was not admitted since.
	ErrNotAdmitted = errors.New("not_admitted_yet: the organisation's signer has not admitted this device yet")
	// ErrNobodyToAsk means that approving needs a person at a terminal.
	ErrNobodyToAsk = errors.New("nobody_to_ask: approving asks a person, and this is no terminal; run it in one, or pass --all for a demonstration")
)

type approveOptions struct {
	approver string
	request  string
	password bool
	all      bool
	once     bool
	muted    bool
}

func (a *app) approveCommand() *cobra.Command {
	var o approveOptions
	c := &cobra.Command{
		Use:     "approve",
		GroupID: groupApprove,
		Short:   "Answer requests on this terminal",
		Long: `Show what waits for you, and ask: approve, deny, report or skip. To report is to
deny and to say that the request was not right: status lists it until somebody has
looked into it, and nobody is asked for the same for a day. What is shown was verified
on this machine: who is admitted, what the policy allows, that the secret is the
one its author wrote. What only Vault says is marked as reported by Vault.

Your keyring is opened for each approval and wiped after it; denying does not
need it. Compare the match code with what the requester sees. Ctrl-C ends it;
what was not answered stays open until its deadline.

With --all, everything is approved and nobody looks at it. That is not secure,
and meant for demonstrations only.`,
		Example: `  stillvault approve
  stillvault approve --request 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed
  stillvault approve --password
  stillvault approve --all --once`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.approve(cmd.Context(), cmd.InOrStdin(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.approver, "approver", "", "which approver to be (default the only one in the state directory)")
	f.StringVar(&o.request, "request", "", "answer the request with this id, then end")
	f.BoolVar(&o.password, "password", false, "open the keyring with password and recovery key instead of the file on this machine")
	f.BoolVar(&o.all, "all", false, "approve everything without asking: NOT SECURE, for demonstrations")
	a.completeFlag(c, "approver", (*home.Home).Approvers)
	f.BoolVar(&o.muted, "muted", false, "ask about requests of those whom you muted, too")
	f.BoolVar(&o.once, "once", false, "end after one request was answered or skipped; fails where no answer could be sent")
	return c
}

func (a *app) approve(ctx context.Context, in io.Reader, o approveOptions) error {
	options := approver.Options{All: o.all, Once: o.once, Muted: o.muted, Live: a.Interactive()}
	var err error
	if options.Request, err = optionalRequest(o.request); err != nil {
		return err
	}
	if !o.all && !onTerminal(in) {
		return ErrNobodyToAsk
	}
	desk, err := a.desk(ctx, o.approver)
	if err != nil {
		return err
	}
	defer desk.Wipe()
	if o.password {
		desk.session.Device.Factor = approver.Password{Row: desk.who.Backup.Row}
	}
	a.Say("approver %s, device %s", desk.who.Name, desk.who.Device.ID())
	input, restore := typing(in)
	defer restore()
	desk.session.Input, desk.session.Options = input, options
	return desk.explain(desk.session.Run(ctx))
}

// desk is a terminal approver of the state directory, ready to work.
type desk struct {
	who     *home.Approver
	forget  func() // wipes what opens earlier keyrings
	home    *home.Home
	client  *broker.Client
	session approver.Session
}

// Wipe wipes the device's keys.
func (d *desk) Wipe() {
	d.who.Wipe()
	d.forget()
}

// desk opens the approver of a name, or the only one. The caller wipes it.
func (a *app) desk(ctx context.Context, name string) (*desk, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	client, err := a.broker()
	if err != nil {
		return nil, err
	}
	who, err := kept(h, name)
	if err != nil {
		return nil, err
	}
	device, who, err := a.device(ctx, h, client, who)
	if err != nil {
		return nil, err
	}
	var forget func()
	if device.Former, forget, err = formerKeyrings(h, who.Name); err != nil {
		who.Wipe()
		return nil, err
	}
	return &desk{who: who, forget: forget, home: h, client: client, session: approver.Session{
		Device: *device, Broker: client, Out: a.Err(), Clock: approver.SystemClock{},
	}}, nil
}

// explain says where a device that the broker refuses was not admitted yet.
func (d *desk) explain(err error) error {
	if _, unknown := d.session.Device.Roster.FormerDevice(d.who.Device.ID()); unknown != nil && errors.Is(err, roster.ErrUnknown) {
		return fmt.Errorf("%w; ask them to run `stillvault approver admit %s`, then run this again", ErrNotAdmitted, d.who.Name)
	}
	return err
}

// kept returns the approver of a name, or the only one, of a state directory.
func kept(h *home.Home, name string) (*home.Approver, error) {
	if name == "" {
		names, err := h.Approvers()
		if err != nil {
			return nil, err
		}
		if len(names) != 1 {
			return nil, fmt.Errorf("%s has %d: %w", h.Dir(), len(names), ErrWhichApprover)
		}
		name = names[0]
	}
	return h.Approver(name)
}

// device puts an approver's device together, with the next generation of the keyring
// where that was admitted; of an error, who is wiped. It needs no Vault token: joining
// kept where the organisation's log begins.
func (a *app) device(ctx context.Context, h *home.Home, client *broker.Client, who *home.Approver) (_ *approver.Device, _ *home.Approver, err error) {
	defer func() {
		if err != nil {
			who.Wipe()
		}
	}()
	log, err := local(h)
	if err != nil {
		return nil, nil, err
	}
	if log.Roster == nil {
		if log, err = fetch(ctx, h, client); err != nil {
			return nil, nil, fmt.Errorf("this device joined before the mount had the organisation's log, and reads it once with a Vault token: %w", err)
		}
	}
	current, err := a.promoted(ctx, h, client, who, log.Roster)
	if err != nil {
		return nil, nil, err
	}
	who = current
	memory, err := approver.Keep(h, who.Name, log.Statements)
	if err != nil {
		return nil, nil, err
	}
	return &approver.Device{
		Roster: log.Roster, Mount: who.Mount, Approver: who.ID, Keys: who.Device, Memory: memory,
		Factor: approver.Software{Row: who.Backup.Row, KeyCheck: who.Backup.KeyCheck, Key: who.Factor},
	}, who, nil
}

// typing reads from a person, hiding what is to be hidden where in is a
// terminal. restore undoes the hiding if a session ends in the middle of it.
func typing(in io.Reader) (input *approver.Input, restore func()) {
	lines := approver.Lines(in)
	input = &approver.Input{ReadLine: lines, ReadHidden: lines}
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return input, func() {}
	}
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return input, func() {}
	}
	input.ReadHidden = func() ([]byte, error) { return term.ReadPassword(int(f.Fd())) }
	return input, func() { _ = term.Restore(int(f.Fd()), state) }
}

func optionalRequest(text string) (envelope.ID, error) {
	if text == "" {
		return envelope.ID{}, nil
	}
	return requestID(text)
}

func requestID(text string) (envelope.ID, error) {
	id, err := envelope.ParseID(text)
	if err != nil {
		return id, fmt.Errorf("request %q: %w; use the id that the request's messages show", text, err)
	}
	return id, nil
}
