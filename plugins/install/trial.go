package install

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		if left.Type != in.options.Name || left.Description != trialText {
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
