package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A distribution is the files of a release.
type distribution struct {
	version   string
	top       string // of the sources
	dir       string // where the files go
	ldflags   string
	key       string // of GPG; none signs nothing
	platforms []platform
	say       io.Writer
}

// make builds every program for every platform, packs and sums. What an
// earlier run left of these releases is removed first, so that no sums miss a
// file that lies beside them.
func (d distribution) make(ctx context.Context) error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	if err := d.clear(); err != nil {
		return err
	}
	files := map[string][]string{} // of each release
	for _, p := range programs {
		for _, on := range d.platforms {
			if err := d.archive(ctx, p, on); err != nil {
				return err
			}
			files[p.release] = append(files[p.release], p.archive(d.version, on))
		}
	}
	manifest, err := d.manifest()
	if err != nil {
		return err
	}
	files[provider] = append(files[provider], manifest)
	for _, release := range []string{provider, "stillvault"} {
		if err := d.sum(ctx, release, files[release]); err != nil {
			return err
		}
	}
	if d.key == "" {
		fmt.Fprintf(d.say, "\nnot signed: a registry takes the provider only with %s_%s_SHA256SUMS.sig,\n"+
			"which whoever holds the release's GPG key makes with `make dist SIGN=KEY`\n", provider, d.version)
	}
	return nil
}

// clear removes archives, sums and signatures of the programs, and nothing else
// that may lie in the directory.
func (d distribution) clear() error {
	for _, p := range programs {
		for _, ending := range []string{"*.zip", "*_manifest.json", "*_SHA256SUMS", "*_SHA256SUMS.sig"} {
			found, err := filepath.Glob(filepath.Join(d.dir, p.name+"_"+ending))
			if err != nil {
				return err
			}
			for _, path := range found {
				if err := os.Remove(path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// archive builds one program for one platform and packs it with the licence.
func (d distribution) archive(ctx context.Context, p program, on platform) error {
	work, err := os.MkdirTemp("", "stillvault-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	began := time.Now()
	built := filepath.Join(work, "program")
	if err := p.build(ctx, d.top, built, d.ldflags, on); err != nil {
		return err
	}
	path := filepath.Join(d.dir, p.archive(d.version, on))
	err = pack(path, []content{
		{"LICENSE", filepath.Join(d.top, "LICENSE"), 0o644},
		{p.file(d.version, on), built, 0o755},
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.say, "%s  %.1f MB, %.0f s\n", path, float64(info.Size())/1e6, time.Since(began).Seconds())
	return nil
}

var errManifest = errors.New("terraform-provider/terraform-registry-manifest.json is missing")

// manifest copies the file that tells registries which protocol the provider
// speaks, and returns its name in the release.
func (d distribution) manifest() (string, error) {
	text, err := os.ReadFile(filepath.Join(d.top, "terraform-provider", "terraform-registry-manifest.json"))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errManifest, err)
	}
	name := fmt.Sprintf("%s_%s_manifest.json", provider, d.version)
	return name, os.WriteFile(filepath.Join(d.dir, name), text, 0o644)
}
