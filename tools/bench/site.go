package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
)

// root is the checkout, as seen from this module's folder, in which `make bench`
// and `go run .` start.
const root = "../.."

// Mounts of the three engines.
const (
	ours = "stillvault"
	null = "null"
	kv   = "kv"
)

// Packages of plug-ins: Stillvault's as it is shipped, the same in a process that
// collects its garbage when told, and the null engine.
const (
	shipped    = "github.com/stillvault/stillvault/vault-backend/cmd/vault-plugin-secrets-stillvault"
	measured   = "./measured"
	nullengine = "./nullengine"
)

// site is a Vault server on raft with the three engines, an organisation whose
// log the first one keeps, and a user who may do everything on each.
type site struct {
	server   *vaultserver.Server
	dir      string            // of the plug-in binaries
	programs map[string]string // their names, by mount
	user     *caller
	admin    *broker.Client
	org      *organisation
	mount    envelope.ID
	sizes    sizes
	spent    *processorTime
}

// sizes are how many bytes the storage entries of Stillvault's engine have.
type sizes struct{ version, record, receipt, answered int }

// open starts the site with one of the two packages of Stillvault's plug-in. The
// caller closes it.
func open(ctx context.Context, p *progress, plugin string) (*site, error) {
	s := &site{programs: map[string]string{}}
	if err := s.start(ctx, p, plugin); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *site) start(ctx context.Context, p *progress, plugin string) (err error) {
	if s.dir, err = os.MkdirTemp("", "stillvault-bench-"); err != nil {
		return err
	}
	p.say("starting Vault")
	s.server, err = vaultserver.Start(ctx, vaultserver.Options{Root: root, Storage: vaultserver.Raft, RawStorage: true, LogLevel: "warn"})
	if err != nil {
		return err
	}
	for mount, pkg := range map[string]string{ours: plugin, null: nullengine} {
		binary, err := build(ctx, p, s.dir, pkg)
		if err != nil {
			return err
		}
		s.programs[mount] = filepath.Base(binary)
		if err := s.server.MountEngine(ctx, vaultserver.Engine{Binary: binary, Version: "v0.1.0", Path: mount}); err != nil {
			return err
		}
	}
	client, err := s.server.Client()
	if err != nil {
		return err
	}
	if err := client.Sys().MountWithContext(ctx, kv, &api.MountInput{Type: "kv", Options: map[string]string{"version": "2"}}); err != nil {
		return fmt.Errorf("mount KV v2: %w", err)
	}
	if err := s.addUser(ctx, client); err != nil {
		return err
	}
	if err := s.foundOrganisation(ctx, client); err != nil {
		return err
	}
	if s.spent, err = s.watchPlugins(); err != nil {
		return err
	}
	return s.measureEntries(ctx, client)
}

func (s *site) close() error {
	var err error
	if s.server != nil {
		err = s.server.Close()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *site) addUser(ctx context.Context, client *api.Client) error {
	var rules strings.Builder
	for _, path := range []string{ours, null, kv} {
		fmt.Fprintf(&rules, "path %q { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"list\"] }\n", path+"/*")
	}
	if err := client.Sys().PutPolicyWithContext(ctx, "bench", rules.String()); err != nil {
		return fmt.Errorf("write the user's policy: %w", err)
	}
	user, err := s.server.AddUser(ctx, "reader", "bench")
	if err != nil {
		return err
	}
	s.user = newCaller(s.server.Addr(), user.Token)
	return nil
}

// foundOrganisation founds one that admits the mount, and gives the mount its
// log. The caps are raised: all readers are one user.
func (s *site) foundOrganisation(ctx context.Context, client *api.Client) error {
	var err error
	if s.org, err = found(approvers); err != nil {
		return err
	}
	if s.admin, err = broker.New(broker.Config{Client: client, Mount: ours}); err != nil {
		return err
	}
	mount, err := s.admin.ReadMount(ctx)
	if err != nil {
		return err
	}
	s.mount = mount.ID
	err = s.org.admitConsumer(roster.ConsumerAdmit{ID: envelope.NewID(), Name: "vault", Kind: roster.ConsumerMount, Mount: mount.ID, Signing: mount.Signing}, 1)
	if err != nil {
		return err
	}
	if err := s.admin.PinOrganisation(ctx, s.org.roster.Organisation()); err != nil {
		return err
	}
	if err := s.admin.WriteSettings(ctx, map[string]any{"max_pending_entity": 100_000, "max_pending": 100_000}); err != nil {
		return err
	}
	return s.admin.AppendLog(ctx, s.org.log)
}

// pluginProcess finds the process that runs a mount's plug-in.
func (s *site) pluginProcess(mount string) (int, error) {
	pids, err := s.server.PluginPIDs()
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && filepath.Base(exe) == s.programs[mount] {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("no process runs the plug-in of %s", mount)
}

// measureEntries stores, reads and approves one secret, looks below Vault's
// encryption at how large the entries are that this left, and tells the null
// engine to write as much.
func (s *site) measureEntries(ctx context.Context, client *api.Client) error {
	if err := s.user.post(ctx, ours+"/secret/sizes", value()); err != nil {
		return err
	}
	if _, err := s.roundTrip(ctx, s.approver(0), "sizes"); err != nil {
		return err
	}
	entries, err := s.entries(ctx, client)
	if err != nil {
		return err
	}
	for key, size := range entries {
		switch {
		case strings.HasPrefix(key, "version/"):
			s.sizes.version = size
		case strings.HasPrefix(key, "meta/"):
			s.sizes.record = size
		case strings.HasPrefix(key, "exchange/receipt/"):
			s.sizes.receipt = size
		case strings.HasPrefix(key, "exchange/answered/"):
			s.sizes.answered = size
		}
	}
	if s.sizes.version == 0 || s.sizes.record == 0 || s.sizes.receipt == 0 || s.sizes.answered == 0 {
		return fmt.Errorf("storage holds %v: a version, its record, a receipt and where it is found were expected", entries)
	}
	_, err = client.Logical().WriteWithContext(ctx, null+"/sizes", map[string]any{
		"version": s.sizes.version, "record": s.sizes.record, "receipt": s.sizes.receipt, "answered": s.sizes.answered,
	})
	return err
}

// entries returns the sizes of all storage entries of Stillvault's mount.
func (s *site) entries(ctx context.Context, client *api.Client) (map[string]int, error) {
	mounts, err := client.Sys().ListMountsWithContext(ctx)
	if err != nil {
		return nil, err
	}
	top := "sys/raw/logical/" + mounts[ours+"/"].UUID + "/"
	sizes := map[string]int{}
	var walk func(folder string) error
	walk = func(folder string) error {
		listed, err := client.Logical().ListWithContext(ctx, top+folder)
		if err != nil || listed == nil {
			return err
		}
		keys, _ := listed.Data["keys"].([]any)
		for _, k := range keys {
			key := folder + k.(string)
			if strings.HasSuffix(key, "/") {
				if err := walk(key); err != nil {
					return err
				}
				continue
			}
			entry, err := client.Logical().ReadWithContext(ctx, top+key)
			if err != nil {
				return err
			}
			if entry != nil {
				text, _ := entry.Data["value"].(string)
				sizes[key] = len(text)
			}
		}
		return nil
	}
	return sizes, walk("")
}

// await asks every few milliseconds until something holds.
func await(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}
