package install

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/stillvault/stillvault/plugins/broker"
)

const (
	// drainTimeout bounds the wait for blocked reads to end once a mount
	// drains. They end at once; the reload waits for whatever did not.
	drainTimeout = 10 * time.Second
	// pollEvery paces the looks at how many still wait.
	pollEvery = 50 * time.Millisecond
)

// drain makes what waits in the mount, and in those that share its process,
// return, and waits until it has.
func (in *Installer) drain(ctx context.Context, p *Plan) error {
	in.say("draining %s/ …", p.Path)
	client, err := in.broker(p.Path)
	if err != nil {
		return err
	}
	err = client.SetDrain(ctx, true)
	switch code := broker.StatusOf(err); {
	case code >= http.StatusInternalServerError && code != http.StatusServiceUnavailable:
		// An engine that does not run has no readers, and must not keep the
		// one from being installed that would.
		in.say("%s/ does not answer, so nothing waits in it: %v", p.Path, err)
		return nil
	case err != nil:
		return fmt.Errorf("drain %s/: %w", p.Path, err)
	}
	if err := in.awaitDrained(ctx, p.Path, client); err != nil {
		return err
	}
	for _, path := range p.siblings {
		in.say("draining %s/ …", path)
		if err := in.setDrain(ctx, path, true); err != nil {
			in.say("%s/ was not drained, its waiting reads are cut off: %v", path, err)
		}
	}
	return nil
}

// awaitDrained waits until no reader waits. Where the engine cannot tell, or
// somebody still does, the reload waits for them instead.
func (in *Installer) awaitDrained(ctx context.Context, path string, client *broker.Client) error {
	deadline := time.NewTimer(drainTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		status, err := client.ReadStatus(ctx)
		if err == nil && status.WaitingReaders == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("wait until nobody waits in %s/: %w", path, ctx.Err())
		}
		if err != nil {
			in.say("%s/ does not say who still waits, the reload will wait for them: %v", path, err)
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until nobody waits in %s/: %w", path, ctx.Err())
		case <-deadline.C:
			in.say("%d calls still wait in %s/, the reload will wait for them", status.WaitingReaders, path)
			return nil
		}
	}
}

// undrain lets reads wait again. A drain ends with the process that was told
// to, so this matters where the process did not change.
func (in *Installer) undrain(ctx context.Context, p *Plan) error {
	in.say("ending the drain …")
	for _, path := range p.siblings {
		if err := in.setDrain(ctx, path, false); err != nil {
			in.say("%s/ may still drain: %v; see `vault read %s/config`", path, err, path)
		}
	}
	if err := in.setDrain(ctx, p.Path, false); err != nil {
		return fmt.Errorf("end the drain of %s/: %w; end it with `vault write %s/config drain=false`", p.Path, err, p.Path)
	}
	return nil
}

func (in *Installer) setDrain(ctx context.Context, path string, on bool) error {
	client, err := in.broker(path)
	if err != nil {
		return err
	}
	return client.SetDrain(ctx, on)
}
