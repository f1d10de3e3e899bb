package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// approver is a person's device as it stands between the inbox and the answer.
type approver struct {
	*person
	site   *site
	calls  *caller // without a token
	ledger approval.Ledger
	last   envelope.ID // the last request that the inbox showed
}

// approver returns the device of the i-th person.
func (s *site) approver(i int) *approver {
	return &approver{person: s.org.people[i], site: s, calls: newCaller(s.server.Addr(), "")}
}

// inbox fetches what came in after the request that was shown last, and waits a
// while if nothing has.
func (a *approver) inbox(ctx context.Context) (items []approval.Item, more bool, err error) {
	r, now := a.site.org.roster, time.Now()
	signer := a.device.Signer()
	defer signer.Wipe()
	call, err := approval.CallInbox(r, a.device.ID(), signer, a.last, 5*time.Second, now)
	if err != nil {
		return nil, false, err
	}
	sealed, err := a.site.admin.ReadInbox(ctx, call)
	if err != nil {
		return nil, false, err
	}
	in, err := approval.OpenInbox(r, a.device, a.site.mount, call, sealed)
	if err != nil {
		return nil, false, err
	}
	if n := len(in.Items); n > 0 {
		q, err := envelope.Peek[approval.Request](in.Items[n-1].Request, envelope.TypeRequest)
		if err != nil {
			return nil, false, err
		}
		a.last = q.ID
	}
	return in.Items, in.More, nil
}

// approve reviews an item and returns the call that says yes to it.
func (a *approver) approve(item approval.Item) (answer, error) {
	reviewer := approval.Reviewer{Roster: a.site.org.roster, Mount: a.site.mount, Approver: a.keyring.Approver(), Device: a.device.ID()}
	c, err := reviewer.Review(item, time.Now())
	if err != nil {
		return answer{}, err
	}
	signer := a.device.Signer()
	defer signer.Wipe()
	release, err := c.Approve(a.keyring, signer, a.ledger, time.Now())
	if err != nil {
		return answer{}, err
	}
	a.ledger = a.ledger.After(release.Receipt)
	encoded, err := envelope.Encode(release)
	if err != nil {
		return answer{}, err
	}
	body, err := json.Marshal(map[string]string{"release": string(encoded)})
	return answer{c.Request.Path, body}, err
}

// answer is a decision, ready to be posted.
type answer struct {
	path string // of the secret
	body []byte
}

// answerTo waits until the inbox shows a request for a path and returns the call
// that says yes to it.
func (a *approver) answerTo(ctx context.Context, path string) (answer, error) {
	for range 10 {
		items, _, err := a.inbox(ctx)
		if err != nil {
			return answer{}, err
		}
		for _, item := range items {
			got, err := a.approve(item)
			if err != nil || got.path == path {
				return got, err
			}
		}
	}
	return answer{}, fmt.Errorf("the inbox shows no request for %q", path)
}
