package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Decision is what an approver said, as the broker tells it.
type Decision struct {
	Approver string            `json:"approver"` // id
	Name     string            `json:"name"`     // the approver's
	Device   string            `json:"device"`
	Decision approval.Decision `json:"decision"`
	Time     time.Time         `json:"time"`
	Reason   string            `json:"reason"`
}

// RequestState says where a request stands.
type RequestState string

// The states of a request.
const (
	RequestWaiting   RequestState = "waiting"
	RequestApproved  RequestState = "approved"
	RequestDenied    RequestState = "denied"
	RequestExpired   RequestState = "expired"
	RequestCancelled RequestState = "cancelled"
)

// Requirement is how far one of a request's requirements is. Decided are the
// names of those who count for it.
type Requirement struct {
	Requirement string   `json:"requirement"`
	Have        uint32   `json:"have"`
	Want        uint32   `json:"want"`
	Decided     []string `json:"decided"`
}

// Request is a request as the broker tells it. Summary says who has decided and
// what is missing, as "1 of 2 sre; security: waiting"; Missing are those of the
// requirements that are not met yet, while the request waits.
type Request struct {
	ID           string          `json:"request_id"`
	Path         string          `json:"path"`
	Version      uint64          `json:"version"`
	State        RequestState    `json:"state"`
	BreakGlass   bool            `json:"break_glass"` // asks those whom the policy names for an emergency
	Cause        string          `json:"cause"`       // why it ended without an approval
	Requester    string          `json:"requester"`
	Entity       string          `json:"entity"`
	Remote       string          `json:"remote"`
	Host         string          `json:"host"` // empty where the mount asks
	Consumer     string          `json:"consumer"`
	Reason       string          `json:"reason"`
	Created      time.Time       `json:"created"`
	Deadline     time.Time       `json:"deadline"`
	Readers      int             `json:"readers"` // calls that wait for it
	Decisions    []Decision      `json:"decisions"`
	Summary      string          `json:"summary"`
	MatchCode    string          `json:"match_code"` // where the policy wants one
	Requirements []Requirement   `json:"requirements"`
	Missing      []approval.Need `json:"missing"`
	Hash         string          `json:"hash"`
}

// ListRequests lists the requests that the token may see, oldest first where the
// broker says so.
func (c *Client) ListRequests(ctx context.Context) ([]Request, error) {
	var a struct {
		Keys []string           `json:"keys"`
		Info map[string]Request `json:"key_info"`
	}
	if err := c.list(ctx, c.path("requests"), nil, &a); err != nil {
		return nil, err
	}
	all := make([]Request, 0, len(a.Keys))
	for _, id := range a.Keys {
		r := a.Info[id]
		r.ID = id
		all = append(all, r)
	}
	return all, nil
}

// ReadRequest reads one request; ErrMissing where there is none to be seen.
func (c *Client) ReadRequest(ctx context.Context, id envelope.ID) (*Request, error) {
	var r Request
	path := c.path("requests", id.String())
	found, err := c.get(ctx, path, nil, &r)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", path, ErrMissing)
	}
	return &r, nil
}

// CancelRequest ends a request; whoever waits for it is told so.
func (c *Client) CancelRequest(ctx context.Context, id envelope.ID) error {
	return c.delete(ctx, c.path("requests", id.String()))
}
