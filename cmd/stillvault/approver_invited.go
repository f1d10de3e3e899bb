package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// invitedView is how somebody is printed who has a ticket and is no approver yet.
type invitedView struct {
	Name      string                `json:"name"`
	Enrolment string                `json:"enrolment"`
	State     broker.EnrolmentState `json:"state"`
	Expires   string                `json:"expires"`
	Entities  []string              `json:"entities"`
}

// showInvited shows the ticket that is kept here for a name that the roster does
// not know; roster.ErrUnknown where there is none.
func (a *app) showInvited(ctx context.Context, h *home.Home, client *broker.Client, name string) error {
	t, err := h.Ticket(name)
	if errors.Is(err, home.ErrNone) {
		return fmt.Errorf("approver %q: %w", name, roster.ErrUnknown)
	}
	if err != nil {
		return err
	}
	t.Secret.Wipe()
	posted, err := client.ReadEnrolment(ctx, t.ID)
	if err != nil {
		return fmt.Errorf("%q is no approver yet, and their ticket is kept here: %w", name, err)
	}
	v := invitedView{Name: name, Enrolment: t.ID.String(), State: posted.State, Expires: posted.Expires.UTC().Format(time.RFC3339), Entities: t.Entities}
	err = a.Print(v, func(rows *terminal.Rows) {
		rows.Row("approver", v.Name+", not admitted")
		rows.Row("ticket", v.State)
		rows.Row("expires", v.Expires)
		rows.Row("enrolment", v.Enrolment)
	})
	switch {
	case err != nil:
		return err
	case posted.Message != nil:
		a.Say("a device has answered; to admit it: stillvault approver admit %s", name)
	case posted.State == broker.EnrolmentWaiting:
		a.Say("no device has answered the ticket yet; a new one replaces it: stillvault approver enroll %s", name)
	default:
		a.Say("the ticket is worth nothing any more; a new one: stillvault approver enroll %s", name)
	}
	return nil
}
