package broker

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// LogPage is a part of the org log as the broker shows it.
type LogPage struct {
	Statements []envelope.Signed
	Head       roster.Head // of the broker's whole log; the zero hash while it has none
}

type logAnswer struct {
	Statements []string `json:"statements"`
	HeadSeq    int64    `json:"head_seq"` // −1 without a log
	HeadHash   string   `json:"head_hash"`
}

// logPage is how many statements are asked for at a time.
const logPage = 200

// ReadLog reads the org log from a statement to its end. Whoever calls it
// verifies what it returns: [roster.Fold].
func (c *Client) ReadLog(ctx context.Context, from uint64) (*LogPage, error) {
	var all LogPage
	for {
		page, err := c.readLogPage(ctx, from+uint64(len(all.Statements)))
		if err != nil {
			return nil, err
		}
		all.Head = page.Head
		all.Statements = append(all.Statements, page.Statements...)
		next := from + uint64(len(all.Statements))
		if len(page.Statements) == 0 || page.Head.Hash.IsZero() || next > page.Head.Seq {
			return &all, nil
		}
	}
}

func (c *Client) readLogPage(ctx context.Context, from uint64) (*LogPage, error) {
	var a logAnswer
	path := c.path("org", "log")
	query := url.Values{"from": {strconv.FormatUint(from, 10)}, "limit": {strconv.Itoa(logPage)}}
	if _, err := c.get(ctx, path, query, &a); err != nil {
		return nil, err
	}
	statements, err := decodeAll[envelope.Signed](path, a.Statements)
	if err != nil {
		return nil, err
	}
	hash, err := optionalHash(a.HeadHash)
	if err != nil {
		return nil, fmt.Errorf("read %s: head: %w", path, err)
	}
	return &LogPage{Statements: statements, Head: roster.Head{Seq: uint64(max(a.HeadSeq, 0)), Hash: hash}}, nil
}

// AppendLog appends statements, all or none. Statements that the broker has
// already are no error; ones that do not extend its log are a conflict. It
// needs sudo.
func (c *Client) AppendLog(ctx context.Context, statements []envelope.Signed) error {
	encoded, err := encodeAll(statements)
	if err != nil {
		return err
	}
	return c.post(ctx, c.path("org", "log"), map[string]any{"statements": encoded}, nil)
}

func encodeAll[T any](all []T) ([]string, error) {
	encoded := make([]string, len(all))
	for i, v := range all {
		one, err := envelope.Encode(v)
		if err != nil {
			return nil, err
		}
		encoded[i] = string(one)
	}
	return encoded, nil
}

func decodeAll[T any](path string, all []string) ([]T, error) {
	decoded := make([]T, len(all))
	for i, text := range all {
		one, err := envelope.Decode[T]([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("read %s: entry %d: %w", path, i, err)
		}
		decoded[i] = one
	}
	return decoded, nil
}
