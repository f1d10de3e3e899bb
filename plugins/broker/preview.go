package broker

import (
	"context"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// Preview is what a statement would do to the secrets. Lost to Disbelieved are paths
// that would have that wrong with them and have not now, as in [Status]. Unruled are
// those that no policy would cover, so that nobody could release them until one does;
// they are not named in Uncovered besides. Deserted are those that nobody could
// receive, since none of the consumers that their policy names would be in force.
// Unproven are those whose new shares have not proven themselves, and which too few
// people would be left for to go back to the shares from before: if a dealer lied,
// they would be lost.
//
// Reshare counts the versions that would have to be shared anew because of it, under
// Policies, dealt by By; Pending those that wait for that already. Unmeetable are the
// names of policies that too few distinct people would be left for, as far as there
// are secrets under them.
type Preview struct {
	Lost        []string    `json:"lost"`
	OneDevice   []string    `json:"one_device"`
	Uncovered   []string    `json:"uncovered"`
	Exposed     []string    `json:"exposed"`
	Disbelieved []string    `json:"disbelieved"`
	Unruled     []string    `json:"unruled"`
	Deserted    []string    `json:"deserted"`
	Unproven    []string    `json:"unproven"`
	Reshare     int         `json:"reshare"`
	Policies    []string    `json:"policies"`
	By          []ReshareBy `json:"by"`
	Pending     int         `json:"pending"`
	Unmeetable  []string    `json:"unmeetable"`
}

// Proposed is a statement that nobody has signed yet.
type Proposed struct {
	Kind roster.Kind
	Body any
}

// PreviewStatement says what a statement would do if it were signed and appended
// next. Nothing is changed by that. The broker checks it as it checks statements.
func (c *Client) PreviewStatement(ctx context.Context, kind roster.Kind, body any) (*Preview, error) {
	encoded, err := envelope.Encode(body)
	if err != nil {
		return nil, err
	}
	return c.preview(ctx, map[string]any{"kind": string(kind), "body": string(encoded)})
}

// PreviewStatements says what several would do together, if they were appended in
// their order, compared with what is so before the first.
func (c *Client) PreviewStatements(ctx context.Context, all []Proposed) (*Preview, error) {
	if len(all) == 1 {
		return c.PreviewStatement(ctx, all[0].Kind, all[0].Body)
	}
	kinds, bodies := make([]string, len(all)), make([]string, len(all))
	for i, p := range all {
		encoded, err := envelope.Encode(p.Body)
		if err != nil {
			return nil, err
		}
		kinds[i], bodies[i] = string(p.Kind), string(encoded)
	}
	return c.preview(ctx, map[string]any{"kinds": kinds, "bodies": bodies})
}

func (c *Client) preview(ctx context.Context, in map[string]any) (*Preview, error) {
	var p Preview
	if err := c.post(ctx, c.path("preview"), in, &p); err != nil {
		return nil, err
	}
	return &p, nil
}
