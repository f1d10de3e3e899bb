package install_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stillvault/stillvault/plugins/install"
)

// rollsBack goes back to older, forth again, and to a version by its name.
func (s *site) rollsBack() {
	s.t.Helper()
	ctx := context.Background()
	in := s.installer(s.client, install.Options{})
	for _, step := range []struct{ to, want, previous string }{
		{"", older, newer},
		{"", newer, older},
		{older, older, newer},
		{older, older, newer}, // nothing to do
	} {
		plan, err := in.PlanRollback(ctx, step.to)
		s.must(err)
		result, err := in.Apply(ctx, plan)
		s.must(err)
		if result.Version != step.want || result.Previous != step.previous {
			s.t.Errorf("back to %q: runs %s, before %s; want %s, %s", step.to, result.Version, result.Previous, step.want, step.previous)
		}
		if mount := s.runs("stillvault", step.want); mount.Options["previous_plugin_version"] != step.previous {
			s.t.Errorf("the mount remembers %q, want %s", mount.Options["previous_plugin_version"], step.previous)
		}
	}
}

func TestRollbackRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	in := s.installer(s.client, install.Options{})
	if _, err := in.PlanRollback(ctx, ""); !errors.Is(err, install.ErrNotMounted) {
		t.Errorf("nothing mounted: %v", err)
	}
	s.install(plugin(t, older))
	if _, err := in.PlanRollback(ctx, ""); !errors.Is(err, install.ErrNoPrevious) {
		t.Errorf("nothing ran before: %v", err)
	}
	if _, err := in.PlanRollback(ctx, "v9.9.9"); !errors.Is(err, install.ErrNotRegistered) {
		t.Errorf("an unknown version: %v", err)
	}

	s.install(plugin(t, newer))
	s.must(os.Remove(filepath.Join(s.PluginDir(), install.PluginName+"_"+older)))
	plan, err := in.PlanRollback(ctx, "")
	s.must(err)
	if _, err := in.Apply(ctx, plan); !errors.Is(err, install.ErrBinaryMissing) {
		t.Errorf("its file is gone: %v", err)
	}
	s.runs("stillvault", newer)
}
