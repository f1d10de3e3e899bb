package main

import (
	"context"
	"net/http"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/broker"
)

const (
	// tallyForPeople and tallyForLogs are how often a command that waits looks who
	// has decided: a log file has no reader who looks on.
	tallyForPeople = 2 * time.Second
	tallyForLogs   = 5 * time.Second
)

// watchTally calls told with what a request waits for, whenever that changes,
// until ctx ends, the request does, or the token may not look. A request that is
// not known yet is about to be posted.
func watchTally(ctx context.Context, client *broker.Client, id envelope.ID, every time.Duration, told func(string)) {
	next := time.NewTimer(glance)
	defer next.Stop()
	for last := ""; ; next.Reset(every) {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		known, err := client.ReadRequest(ctx, id)
		switch {
		case broker.StatusOf(err) == http.StatusForbidden, err == nil && known.State != broker.RequestWaiting:
			return
		case err == nil && ctx.Err() == nil:
			if known.Summary != last {
				last = known.Summary
				told(last)
			}
		}
	}
}
