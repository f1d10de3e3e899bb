package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// EnrolmentState says how far an enrolment is.
type EnrolmentState string

// The states of an enrolment.
const (
	EnrolmentWaiting  EnrolmentState = "waiting"
	EnrolmentAnswered EnrolmentState = "answered"
	EnrolmentAdmitted EnrolmentState = "admitted"
	EnrolmentExpired  EnrolmentState = "expired"
)

// Enrolment is a ticket as the broker knows it: without what makes it valid.
type Enrolment struct {
	ID       envelope.ID
	Approver envelope.ID
	Name     string
	Expires  time.Time
	State    EnrolmentState
	// Message is what a device posted, nil while none did. Believe it only after
	// [roster.Ticket.Accept] or a fingerprint read out by the person.
	Message *roster.EnrolmentMessage
}

// enrolmentAnswer is an enrolment as the broker answers with it, without Message
// in a list.
type enrolmentAnswer struct {
	Name     string         `json:"name"`
	Approver string         `json:"approver_id"`
	Expires  time.Time      `json:"expires"`
	State    EnrolmentState `json:"state"`
	Message  string         `json:"message"`
}

// CreateEnrolment registers a ticket: its id, whom it invites, until when, and
// the hash of its post token. The ticket's secret stays here.
func (c *Client) CreateEnrolment(ctx context.Context, t roster.Ticket) error {
	token, err := t.PostToken()
	if err != nil {
		return fmt.Errorf("ticket: %w", err)
	}
	defer token.Wipe()
	return c.post(ctx, c.path("enroll", t.ID.String()), map[string]any{
		"name":        t.Name,
		"approver_id": t.Approver.String(),
		"token_hash":  envelope.SumHash(token.Bytes()).String(),
		"expires":     t.Expires.Time().Format(time.RFC3339Nano),
	}, nil)
}

// ReadEnrolment reads an enrolment and what a device posted to it; ErrMissing
// where there is none.
func (c *Client) ReadEnrolment(ctx context.Context, id envelope.ID) (*Enrolment, error) {
	var a enrolmentAnswer
	path := c.path("enroll", id.String())
	found, err := c.get(ctx, path, nil, &a)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", path, ErrMissing)
	}
	e, err := a.enrolment(id)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if a.Message != "" {
		message, err := envelope.Decode[roster.EnrolmentMessage]([]byte(a.Message))
		if err != nil {
			return nil, fmt.Errorf("read %s: message: %w", path, err)
		}
		e.Message = &message
	}
	return e, nil
}

func (a enrolmentAnswer) enrolment(id envelope.ID) (*Enrolment, error) {
	approver, err := envelope.ParseID(a.Approver)
	if err != nil {
		return nil, fmt.Errorf("approver id: %w", err)
	}
	return &Enrolment{ID: id, Approver: approver, Name: a.Name, Expires: a.Expires, State: a.State}, nil
}

// DeleteEnrolment withdraws a ticket.
func (c *Client) DeleteEnrolment(ctx context.Context, id envelope.ID) error {
	return c.delete(ctx, c.path("enroll", id.String()))
}

// Enrolled is what the broker tells a device that enrols. Init is the first
// statement of the organisation's log, nil while the broker has none: believe it
// only where its hash is the organisation's id as the ticket names it.
type Enrolled struct {
	State EnrolmentState
	Init  *envelope.Signed
}

type enrolledAnswer struct {
	State EnrolmentState `json:"state"`
	Init  string         `json:"init"`
}

func (a enrolledAnswer) read(path string) (*Enrolled, error) {
	first, err := readInit(path, a.Init)
	if err != nil {
		return nil, err
	}
	return &Enrolled{State: a.State, Init: first}, nil
}

// readInit reads the statement that the broker sends to devices without a token.
func readInit(path, text string) (*envelope.Signed, error) {
	if text == "" {
		return nil, nil
	}
	s, err := envelope.Decode[envelope.Signed]([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: first statement: %w", path, err)
	}
	return &s, nil
}

// AnswerEnrolment posts what a device made for a ticket. It needs no Vault
// token: the post token is derived from the ticket. The same message again is
// no error, another is a conflict.
func (c *Client) AnswerEnrolment(ctx context.Context, t roster.Ticket, m roster.EnrolmentMessage) (*Enrolled, error) {
	token, err := t.PostToken()
	if err != nil {
		return nil, fmt.Errorf("ticket: %w", err)
	}
	defer token.Wipe()
	message, err := envelope.Encode(m)
	if err != nil {
		return nil, err
	}
	var a enrolledAnswer
	path := c.path("enroll", t.ID.String(), "answer")
	err = c.post(ctx, path, map[string]any{"token": envelope.Bytes(token.Bytes()).String(), "message": string(message)}, &a)
	if err != nil {
		return nil, err
	}
	return a.read(path)
}

// EnrolmentStatus asks, without a Vault token, how far an enrolment is.
func (c *Client) EnrolmentStatus(ctx context.Context, id envelope.ID) (*Enrolled, error) {
	var a enrolledAnswer
	path := c.path("enroll", id.String(), "status")
	found, err := c.get(ctx, path, nil, &a)
	if err == nil && !found {
		err = fmt.Errorf("read %s: %w", path, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	return a.read(path)
}
