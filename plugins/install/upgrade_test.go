package install_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/install"
)

func TestUpgradeEndsWaitingReadsAndRollsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	s.install(plugin(t, older))
	_, _, err := s.try(install.Options{Binary: plugin(t, older), Path: "second"})
	s.must(err)
	s.found("stillvault")
	s.found("second")
	reads := []<-chan error{s.block("stillvault"), s.block("second")}

	var said said
	ends := make([]error, len(reads))
	plan, result, err := s.try(install.Options{Binary: plugin(t, newer), Say: func(line string) {
		said.say(line)
		if strings.HasPrefix(line, "reloading") { // which would wait for a read
			for i, ended := range reads {
				ends[i] = <-ended
			}
		}
	}})
	s.must(err)
	for i, err := range ends {
		// Vault tells nobody to repeat a read that a reload cut off; a drain does.
		if broker.StatusOf(err) != http.StatusLocked || !strings.Contains(err.Error(), "draining: ") || !strings.Contains(err.Error(), "run the same command again") {
			t.Errorf("read %d ended with: %v", i, err)
		}
	}
	if !plan.Trial || result.From != older || result.Previous != older || strings.Join(result.Changed, " ") != "copied registered switched" {
		t.Errorf("trial %v, from %s, previous %s, changed %q", plan.Trial, result.From, result.Previous, result.Changed)
	}
	for _, want := range []string{"copying", "registering", "trying v0.2.0 at stillvault-trial/", "draining stillvault/", "draining second/", "reloading", "ending the drain", "verifying"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it did not say %q:\n%s", want, said.String())
		}
	}
	s.runs("stillvault", newer)
	s.runs("second", older)
	if s.drains("stillvault") || s.drains("second") {
		t.Error("an engine still drains")
	}
	if secret, err := s.engine("stillvault").ReadStatus(ctx); err != nil || secret.Secrets != 1 {
		t.Errorf("what was stored before: %d secrets, %v", secret.Secrets, err)
	}
	// Both versions lie in the directory: an upgrade writes over nothing.
	for _, version := range []string{older, newer} {
		if sumOf(t, filepath.Join(s.PluginDir(), install.PluginName+"_"+version)) != sumOf(t, plugin(t, version)) {
			t.Errorf("%s is not in the plug-in directory", version)
		}
	}
	s.rollsBack()
}
