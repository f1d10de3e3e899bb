package install

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/api"
)

// previousOption is the mount's option that remembers which version ran before
// the one that runs. It is written in the same call that changes the version,
// and lives in Vault's mount table, so that it goes where the mount goes: the
// catalogue alone knows which versions exist, not which of them ran here.
const previousOption = "previous_plugin_version"

// PlanRollback says what it takes to run the version before again, or the
// registered version to if that is not empty. It changes nothing. What ran
// until then becomes the version before, so a second rollback undoes the first.
func (in *Installer) PlanRollback(ctx context.Context, to string) (*Plan, error) {
	s, err := in.look(ctx)
	if err != nil {
		return nil, err
	}
	if s.mount == nil {
		return nil, fmt.Errorf("roll %s/ back: %w", in.options.Path, ErrNotMounted)
	}
	if to == "" {
		to = s.mount.Options[previousOption]
	}
	if to == "" {
		return nil, fmt.Errorf("roll %s/ back from %s: %w", in.options.Path, orNone(s.mount.RunningVersion), ErrNoPrevious)
	}
	entry, err := in.registered(ctx, to)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, fmt.Errorf("roll %s/ back to %s: %w", in.options.Path, to, ErrNotRegistered)
	}
	p := in.plan(to, entry.SHA256, entry.Command)
	in.planMount(p, s)
	p.Tune = false
	p.note(s, "")
	return p, in.allow(p, s)
}

// remember is the tuning that makes a mount run a version and remember the one
// before. An empty value deletes an option.
func remember(version, previous string) api.TuneMountConfigInput {
	options := map[string]string{previousOption: previous}
	return api.TuneMountConfigInput{PluginVersion: &version, Options: &options}
}

// status is the HTTP status of an answer of Vault's, 0 for any other error.
func status(err error) int {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// notFound says whether Vault has nothing there.
func notFound(err error) bool { return status(err) == http.StatusNotFound }
