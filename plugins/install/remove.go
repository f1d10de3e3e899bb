package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/broker"
)

// ErrHolds means that a mount is not removed, because secrets would be lost with it.
var ErrHolds = errors.New("mount_holds_secrets: nothing was removed; remove them for good first, deleted versions too, with `vault delete MOUNT/metadata/PATH`")

// HeldError lists the secrets that keep a mount. It is an [ErrHolds].
type HeldError struct {
	Path    string   // of the mount
	Secrets []string // paths, sorted
}

// maxHeld is how many paths a message names before it counts the rest.
const maxHeld = 50

// Error lists the secrets.
func (e *HeldError) Error() string {
	named := strings.Join(e.Secrets[:min(len(e.Secrets), maxHeld)], ", ")
	if more := len(e.Secrets) - maxHeld; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s/ holds %s: %v", e.Path, named, ErrHolds)
}

// Is makes it an [ErrHolds].
func (e *HeldError) Is(target error) bool { return target == ErrHolds }

// Remove disables the engine, unless it holds secrets ([*HeldError]), and takes its
// version out of the catalogue where no other mount runs it. What is not mounted is
// removed already.
func (in *Installer) Remove(ctx context.Context) error {
	mount, err := in.mountAt(ctx, in.options.Path)
	if errors.Is(err, ErrNotMounted) {
		return nil
	}
	if err != nil {
		return err
	}
	if mount.Type != in.options.Name {
		return fmt.Errorf("a %s engine is mounted at %s/: %w", mount.Type, in.options.Path, ErrPathTaken)
	}
	client, err := in.broker(in.options.Path)
	if err != nil {
		return err
	}
	held, err := secretsBelow(ctx, client, "")
	if err != nil {
		return fmt.Errorf("list the secrets of %s/: %w", in.options.Path, err)
	}
	if len(held) > 0 {
		slices.Sort(held)
		return &HeldError{in.options.Path, held}
	}
	if err := in.vault.Sys().UnmountWithContext(ctx, in.options.Path); err != nil {
		return explain("disable "+in.options.Path+"/", err)
	}
	return in.deregister(ctx, mount.PluginVersion)
}

// deregister takes a version out of the catalogue unless a mount still wants it.
func (in *Installer) deregister(ctx context.Context, version string) error {
	mounts, err := in.vault.Sys().ListMountsWithContext(ctx)
	if err != nil {
		return explain("list the mounts", err)
	}
	for _, m := range mounts {
		if m.Type == in.options.Name && (m.PluginVersion == version || m.Options[previousOption] == version) {
			return nil
		}
	}
	err = in.vault.Sys().DeregisterPluginWithContext(ctx, &api.DeregisterPluginInput{
		Name: in.options.Name, Type: api.PluginTypeSecrets, Version: version,
	})
	return explain("take "+in.options.Name+" "+version+" out of the catalogue", err)
}

// secretsBelow lists every secret of a mount, deleted ones too.
func secretsBelow(ctx context.Context, client *broker.Client, below string) ([]string, error) {
	names, err := client.ListSecrets(ctx, below)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, name := range names {
		if !strings.HasSuffix(name, "/") {
			all = append(all, broker.Plain(below+name))
			continue
		}
		more, err := secretsBelow(ctx, client, below+name)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// Engine is a client of the engine at the path.
func (in *Installer) Engine() (*broker.Client, error) { return in.broker(in.options.Path) }
