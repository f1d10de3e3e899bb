package install

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/api"
)

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
