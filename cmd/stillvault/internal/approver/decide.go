package approver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// decision is how a release is made, and what is said when it was sent.
type decision struct {
	said    string
	consent bool // more is asked of the device later
	sign    func(approval.Ledger) (approval.Release, error)
}

// release opens the keyring for this one approval, wipes it, and sends what it
// made. Core holds the request against the clock and the roster once more.
func (s *Session) release(ctx context.Context, w *waiting) (done bool, err error) {
	ask := func(prompt string) ([]byte, error) { return s.prompt(ctx, w, prompt, true) }
	keys, err := s.unlock(ask)
	if err != nil {
		return false, s.orAgain(ctx, fmt.Errorf("open the keyring for %s: %w", w.c.Request.ID, err))
	}
	defer keys.Wipe()
	signer := s.Device.Keys.Signer()
	defer signer.Wipe()
	now := s.Clock.Now()
	d := decision{said: "Approved.", sign: func(l approval.Ledger) (approval.Release, error) {
		defer keys.Wipe()
		return w.c.Approve(keys, signer, l, now)
	}}
	if w.c.Policy.ConsentFirst && !w.c.ConsentedBy(s.Device.Approver) {
		d.said, d.consent = "Consented. You are asked again once everybody needed has.", true
		d.sign = func(l approval.Ledger) (approval.Release, error) {
			defer keys.Wipe()
			return w.c.Consent(keys, signer, l, now)
		}
	}
	return s.decide(ctx, w, d)
}

// orAgain shows an error that the person can do something about; the end of the
// session and of the request it passes on.
func (s *Session) orAgain(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, errEnded) || errors.Is(err, ErrInputEnded) {
		return err
	}
	s.unsent = err
	s.say("Nothing was sent: %s", err)
	return errAgain
}

// decide makes a release, which is written down before it is sent.
func (s *Session) decide(ctx context.Context, w *waiting, d decision) (done bool, err error) {
	mark := w.c.Hash
	if d.consent {
		mark = w.c.ConsentMark()
	}
	release, err := s.Device.Memory.Decide(mark, w.item.Request, w.c.Request.Deadline.Time(), s.Clock.Now(), d.sign)
	if err != nil {
		return false, s.orAgain(ctx, err)
	}
	if d.consent {
		s.passed[w.c.Hash], s.agreeing[w.c.Hash] = true, true
	} else {
		s.remove(w)
	}
	state, err := s.send(ctx, home.Unsent{Release: release, Request: w.item.Request})
	switch {
	case err == nil:
		s.unsent = nil
		s.say("%s The request is %s.", d.said, state)
	case errors.Is(err, errRefusedAnswer):
		s.unsent = err
		s.say("The broker did not take the answer: %s", err)
	default:
		return false, err
	}
	return true, nil
}

// errRefusedAnswer means that the broker will never take an answer.
var errRefusedAnswer = errors.New("refused")

// sendFor is how long an answer is tried to be sent before it is left for the
// next session.
const sendFor = time.Minute

// lastCall is how long a call that sends something may still take when its session
// is ended meanwhile: the broker may have taken the answer already, and only the
// call's end tells.
const lastCall = 5 * time.Second

// send posts a recorded release until the broker has taken or refused it.
func (s *Session) send(ctx context.Context, answer home.Unsent) (broker.RequestState, error) {
	var state broker.RequestState
	err := s.post(ctx, func(ctx context.Context) error {
		var err error
		state, err = s.Broker.PostAnswer(ctx, answer.Release, &answer.Request)
		return err
	}, func() error { return s.Device.Memory.Sent(answer.Release) })
	return state, err
}

// post calls the broker until it has taken or refused something recorded, and then
// sent. What it refused for good is errRefusedAnswer, what it did not get ErrUnsent.
// When ctx ends, no further call is made, and one that was made has lastCall to end.
func (s *Session) post(ctx context.Context, call func(context.Context) error, sent func() error) error {
	calling, cancel := s.outlive(ctx)
	defer cancel()
	giveUp := s.Clock.Now().Add(sendFor)
	for pause := time.Second; ; pause = min(2*pause, longestPause) {
		err := call(calling)
		if err == nil {
			return sent()
		}
		// A broker that lacks statements which this device has seen will get them.
		passes := transient(err) || errors.Is(err, roster.ErrBehind)
		if !passes && calling.Err() == nil {
			return errors.Join(fmt.Errorf("%w: %w", errRefusedAnswer, err), sent())
		}
		if ctx.Err() != nil || s.Clock.Now().After(giveUp) {
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
		if pause == time.Second {
			s.say("The answer is not sent yet (%s). Trying again.", err)
		}
		select {
		case <-ctx.Done():
		case <-s.Clock.After(pause):
		}
	}
}

// outlive is a context that ends lastCall after ctx, or with cancel.
func (s *Session) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	calling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-calling.Done():
		case <-s.Clock.After(lastCall):
			cancel()
		}
	})
	return calling, func() { stop(); cancel() }
}

// sendUnsent sends what an earlier session could not.
func (s *Session) sendUnsent(ctx context.Context) error {
	if err := s.sendUndealt(ctx); err != nil {
		return err
	}
	unsent, err := s.Device.Memory.Unsent()
	if err != nil {
		return err
	}
	for _, answer := range unsent {
		rec, err := envelope.Peek[approval.Receipt](answer.Release.Receipt, envelope.TypeReceipt)
		if err != nil {
			return err
		}
		state, err := s.send(ctx, answer)
		switch {
		case err == nil:
			s.say("Sent the answer to request %s that was left from before. The request is %s.", rec.RequestID, state)
		case errors.Is(err, errRefusedAnswer):
			s.say("The answer to request %s that was left from before came too late: %s", rec.RequestID, err)
		default:
			return err
		}
	}
	return nil
}
