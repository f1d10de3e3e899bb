package broker

import (
	"context"
	"fmt"
	"net/url"

	"github.com/stillvault/stillvault/core/envelope"
)

type enrolmentsAnswer struct {
	Keys []string                   `json:"keys"`
	Info map[string]enrolmentAnswer `json:"key_info"`
	More bool                       `json:"more"`
}

// ListEnrolments returns all enrolments, by id and without their messages, which
// [Client.ReadEnrolment] has. The broker is asked for a page at a time.
func (c *Client) ListEnrolments(ctx context.Context) ([]Enrolment, error) {
	all := []Enrolment{}
	path, after := c.path("enroll"), ""
	for {
		query := url.Values{}
		if after != "" {
			query.Set("after", after)
		}
		var a enrolmentsAnswer
		if err := c.list(ctx, path, query, &a); err != nil {
			return nil, err
		}
		page, err := a.read(after)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
		all = append(all, page...)
		if !a.More || len(page) == 0 {
			return all, nil
		}
		after = a.Keys[len(a.Keys)-1]
	}
}

// read reads a page that was asked for after an id. Ids that do not rise are
// refused: pages would go round for ever.
func (a enrolmentsAnswer) read(after string) ([]Enrolment, error) {
	var page []Enrolment
	for _, key := range a.Keys {
		if key <= after {
			return nil, fmt.Errorf("the broker lists %q after %q; ask again, and tell whoever runs it if it stays so", key, after)
		}
		id, err := envelope.ParseID(key)
		if err != nil {
			return nil, err
		}
		e, err := a.Info[key].enrolment(id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		page, after = append(page, *e), key
	}
	return page, nil
}
