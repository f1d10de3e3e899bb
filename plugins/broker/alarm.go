package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Alarm tells of a request that broke the glass, until somebody acknowledges it.
type Alarm struct {
	ID        string       `json:"id"` // the request's
	Path      string       `json:"path"`
	Version   uint64       `json:"version"`
	State     RequestState `json:"state"`
	Requester string       `json:"requester"`
	Entity    string       `json:"entity"`
	Remote    string       `json:"remote"`
	Host      string       `json:"host"` // empty where the mount asked
	Reason    string       `json:"reason"`
	Created   time.Time    `json:"created"`
	Decisions []Decision   `json:"decisions"`
}

// Report tells of a denial by which an approver said that nobody should have asked,
// until somebody acknowledges it.
type Report struct {
	ID        string    `json:"id"` // the request's
	Path      string    `json:"path"`
	Version   uint64    `json:"version"`
	Requester string    `json:"requester"`
	Entity    string    `json:"entity"`
	Remote    string    `json:"remote"`
	Host      string    `json:"host"`
	Reason    string    `json:"reason"` // the requester's
	By        string    `json:"by"`     // the approver's name
	Text      string    `json:"text"`   // what the approver said
	Time      time.Time `json:"time"`
}

// ListAlarms lists the alarms that nobody has acknowledged, oldest first.
func (c *Client) ListAlarms(ctx context.Context) ([]Alarm, error) {
	return listNotices(ctx, c, "alarms", func(a *Alarm, id string) { a.ID = id })
}

// ReadAlarm reads one alarm; an error with status 404 where there is none.
func (c *Client) ReadAlarm(ctx context.Context, id envelope.ID) (*Alarm, error) {
	return readNotice[Alarm](ctx, c, "alarms", id)
}

// AcknowledgeAlarm says that somebody knows of an alarm: it is shown no more.
func (c *Client) AcknowledgeAlarm(ctx context.Context, id envelope.ID) error {
	return c.post(ctx, c.path("alarms", id.String()), map[string]any{}, nil)
}

// ListReports lists the reports that nobody has acknowledged, oldest first.
func (c *Client) ListReports(ctx context.Context) ([]Report, error) {
	return listNotices(ctx, c, "reports", func(r *Report, id string) { r.ID = id })
}

// ReadReport reads one report; an error with status 404 where there is none.
func (c *Client) ReadReport(ctx context.Context, id envelope.ID) (*Report, error) {
	return readNotice[Report](ctx, c, "reports", id)
}

// AcknowledgeReport says that somebody looked into a report: its requester may ask
// for the path again.
func (c *Client) AcknowledgeReport(ctx context.Context, id envelope.ID) error {
	return c.post(ctx, c.path("reports", id.String()), map[string]any{}, nil)
}

func listNotices[T any](ctx context.Context, c *Client, folder string, name func(*T, string)) ([]T, error) {
	var a struct {
		Keys []string     `json:"keys"`
		Info map[string]T `json:"key_info"`
	}
	if err := c.list(ctx, c.path(folder), nil, &a); err != nil {
		return nil, err
	}
	all := make([]T, 0, len(a.Keys))
	for _, id := range a.Keys {
		one := a.Info[id]
		name(&one, id)
		all = append(all, one)
	}
	return all, nil
}

func readNotice[T any](ctx context.Context, c *Client, folder string, id envelope.ID) (*T, error) {
	path := c.path(folder, id.String())
	one := new(T)
	found, err := c.get(ctx, path, nil, one)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("read %s: %w", path, ErrMissing)
	}
	return one, nil
}
