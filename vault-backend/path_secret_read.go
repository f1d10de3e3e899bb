package backend

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// refuseWrapping refuses an answer that Vault would store in a cubbyhole. It is
// called before anybody is prompted.
func refuseWrapping(req *logical.Request) error {
	if req.WrapInfo != nil && req.WrapInfo.TTL > 0 {
		return errWrapping
	}
	return nil
}

// readSecret asks with the mount as consumer and blocks until approvers have
// answered, or the wait is over.
func (b *broker) readSecret(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	if err := refuseWrapping(req); err != nil {
		return nil, err
	}
	ask, err := askOf(req, data)
	if err != nil {
		return nil, err
	}
	if err := checkPath(ask.Path); err != nil {
		return nil, err
	}
	x, err := b.routed(ctx)
	if err != nil {
		return nil, err
	}
	ask.Requester = b.requesterOf(req)
	reading, err := x.Begin(ctx, ask)
	if err != nil {
		return nil, err
	}
	return leave(ctx, func(ctx context.Context) (*logical.Response, error) {
		answer, err := reading.Wait(ctx)
		if err != nil {
			return nil, err
		}
		defer answer.Value.Wipe()
		return rawAnswer(req, answer), nil
	})
}

// askOf reads what a read says about itself.
func askOf(req *logical.Request, data *framework.FieldData) (exchange.Ask, error) {
	ask := exchange.Ask{Path: data.Get("path").(string), Reason: data.Get("reason").(string)}
	if len(ask.Reason) > approval.MaxReason || !approval.Printable(ask.Reason) {
		return ask, errReason
	}
	var err error
	if ask.Version, err = versionNumber(data.Get("version").(string)); err != nil {
		return ask, err
	}
	if ask.Wait, err = waitOf(data); err != nil {
		return ask, err
	}
	// A secret may have keys of these names, so they are no fields of the path.
	data = &framework.FieldData{Raw: req.Data, Schema: secretFields[logical.ReadOperation]}
	ask.BreakGlass = data.Get("break_glass").(bool)
	if lease, given := data.GetOk("lease"); given {
		if ask.Lease = time.Duration(lease.(int)) * time.Second; ask.Lease <= 0 {
			return ask, fmt.Errorf("\"lease\" wants a duration such as 15m: %w", errInput)
		}
	}
	return ask, nil
}

// waitOf returns how long a call may wait; 0 for the default. Who gives 0 wants
// to know how things stand and not to wait at all, which the exchange spells
// otherwise.
func waitOf(data *framework.FieldData) (time.Duration, error) {
	seconds, given := data.GetOk("wait")
	if !given {
		return 0, nil
	}
	wait := time.Duration(seconds.(int)) * time.Second
	switch {
	case wait < 0 || wait > maxWait:
		return 0, fmt.Errorf("\"wait\" wants 0s to %s; run the command again to wait longer: %w", maxWait, errInput)
	case wait == 0:
		return time.Millisecond, nil
	}
	return wait, nil
}

// rawAnswer writes the answer out as Vault would, but as a raw body: of a
// logical.Secret Vault would store the data with the lease.
func rawAnswer(req *logical.Request, a *exchange.Answer) *logical.Response {
	value := a.Value.JSON()
	var body strings.Builder
	body.Grow(len(value) + 256)
	body.WriteString(`{"request_id":` + strconv.Quote(req.ID) + `,"lease_id":"","renewable":false,"lease_duration":`)
	body.WriteString(strconv.FormatUint(uint64(a.Lease), 10))
	body.WriteString(`,"data":`)
	body.Write(value)
	body.WriteString(`,"wrap_info":null,"warnings":null,"auth":null}` + "\n")
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode:  http.StatusOK,
		logical.HTTPContentType: "application/json",
		logical.HTTPRawBody:     body.String(),
		// What a browser or proxy keeps, nobody can take back.
		logical.HTTPCacheControlHeader: "no-store",
	}}
}
