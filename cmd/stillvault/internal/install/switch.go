package install

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/broker"
)

const (
	// drainTimeout bounds the wait for blocked reads to end once a mount
	// drains. They end at once; the reload waits for whatever did not.
	drainTimeout = 10 * time.Second
	// pollEvery paces the looks at how many still wait.
	pollEvery = 50 * time.Millisecond
)

// trialPath is where a version is tried beside the one that runs.
func (in *Installer) trialPath() string { return in.options.Path + "-trial" }

// trialText marks a trial's mount, so that what an interrupted run left behind
// is known for what it is.
const trialText = "stillvault install tries a version here; it may be disabled at any time"

// try mounts the version for a moment where nothing depends on it. Vault tells
// why a plug-in does not start only to who mounts or reloads it, and a reload
// ends the one that runs first.
func (in *Installer) try(ctx context.Context, p *Plan) (err error) {
	path := in.trialPath()
	left, err := in.mountAt(ctx, path)
	if err != nil && !errors.Is(err, ErrNotMounted) {
		return err
	}
	if left != nil {
		if left.Type != PluginName || left.Description != trialText {
			return fmt.Errorf("try %s at %s/: %w", p.Version, path, ErrPathTaken)
		}
		if err := in.vault.Sys().UnmountWithContext(ctx, path); err != nil {
			return explain("disable what an earlier trial left at "+path+"/", err)
		}
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		unmount := in.vault.Sys().UnmountWithContext(ctx, path)
		if status(unmount) != http.StatusBadRequest { // which says that nothing is mounted there
			err = errors.Join(err, explain("disable the trial at "+path+"/", unmount))
		}
	}()
	err = in.vault.Sys().MountWithContext(ctx, path, mountInput(p, trialText))
	if err = explain(fmt.Sprintf("try %s at %s/", p.Version, path), err); err != nil {
		return fmt.Errorf("%w; nothing was switched, %s/ runs %s as before", err, p.Path, orNone(p.From))
	}
	version, err := in.answers(ctx, path)
	if err != nil {
		return fmt.Errorf("try %s at %s/: %w; nothing was switched, %s/ runs %s as before", p.Version, path, err, p.Path, orNone(p.From))
	}
	if version != p.Version {
		return fmt.Errorf("try %s at %s/: the engine says that it is %s: %w", p.Version, path, version, ErrVersionMismatch)
	}
	return nil
}

// change drains the mount, has it run the version, and ends the drain. If that
// fails, or ctx ends, the version before is put back.
func (in *Installer) change(ctx context.Context, p *Plan) error {
	mount, err := in.mountAt(ctx, p.Path)
	if err != nil {
		return err
	}
	err = in.drain(ctx, p)
	if err == nil {
		in.say("reloading %s/ with %s …", p.Path, p.Version)
		err = in.run(ctx, p.Path, remember(p.Version, p.before()))
	}
	if err == nil {
		err = in.verify(ctx, p)
	}
	if err == nil {
		return in.undrain(ctx, p)
	}
	return in.restore(ctx, p, mount, err)
}

// run tunes the mount and reloads it. The reload's scope is this node: a
// standby runs no plug-in until it becomes active, and starts the new one then.
func (in *Installer) run(ctx context.Context, path string, config api.TuneMountConfigInput) error {
	if err := in.vault.Sys().TuneMountAllowNilWithContext(ctx, path, config); err != nil {
		return explain("tune "+path+"/", err)
	}
	_, err := in.vault.Sys().ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Mounts: []string{path + "/"}})
	return explain("reload "+path+"/", err)
}

// restore makes the mount run what it ran before and ends the drain. It returns
// a [*SwitchError] in any case.
func (in *Installer) restore(ctx context.Context, p *Plan, mount *api.MountOutput, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	in.say("that failed; putting %s back …", orNone(p.From))
	failed := &SwitchError{Path: p.Path, To: p.Version, From: orNone(p.From), Err: cause}
	now, err := in.mountAt(ctx, p.Path)
	switch {
	case err != nil:
		failed.Restored = err
	case now.PluginVersion == mount.PluginVersion && now.RunningSha256 == mount.RunningSha256:
		// It stopped before anything changed.
	case mount.PluginVersion == "":
		failed.Restored = fmt.Errorf("it was mounted without a version: %w", ErrNotRegistered)
	default:
		failed.Restored = in.run(ctx, p.Path, remember(mount.PluginVersion, mount.Options[previousOption]))
	}
	if failed.Restored == nil {
		failed.Running, failed.Restored = in.answers(ctx, p.Path)
	}
	// Where the engine does not run, nothing of it drains either, but what
	// shared its process may.
	undrained := in.undrain(ctx, p)
	failed.Drained = undrained != nil && failed.Restored == nil
	return failed
}

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
