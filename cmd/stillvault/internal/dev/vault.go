package dev

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/phone"
)

// startVault runs a real Vault with the plug-in mounted, an ACL policy for every
// role, and everybody logged in: through userpass where they have an identity.
func startVault(ctx context.Context, o Options) (s *Server, err error) {
	if _, err := os.Stat(filepath.Join(o.Home, "pins.json")); err == nil {
		return nil, fmt.Errorf("%s: %w", o.Home, ErrVaultState)
	}
	version, err := pluginVersion(ctx, o.Plugin)
	if err != nil {
		return nil, err
	}
	vault, err := vaultserver.Start(ctx, vaultserver.Options{
		Root: checkout(), Address: o.Listen, RawStorage: true, Audit: true,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, vault.Close())
		}
	}()
	err = vault.MountEngine(ctx, vaultserver.Engine{
		Binary: o.Plugin, Version: version, Path: Mount, AllowedResponseHeaders: phone.AllowedHeaders(),
	})
	if err != nil {
		return nil, err
	}
	people, err := addPeople(ctx, vault)
	if err != nil {
		return nil, err
	}
	return &Server{
		Address: vault.Addr(), Kind: "Vault " + vault.Version() + ", a development server",
		People: people, Storage: vaultStorage{vault}, close: vault.Close,
	}, nil
}

// pluginVersion asks the plug-in which version it is: Vault runs it under no
// other.
func pluginVersion(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w: %w", path, err, ErrNoPlugin)
	}
	return strings.TrimSpace(string(out)), nil
}

// checkout is the directory above the one of this program, which in a checkout
// holds tools/bin/vault.
func checkout() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(self))
}

func addPeople(ctx context.Context, vault *vaultserver.Server) (map[string]Person, error) {
	client, err := vault.Client()
	if err != nil {
		return nil, err
	}
	people := map[string]Person{}
	for _, r := range roles {
		acl := "stillvault-" + r.name
		if err := client.Sys().PutPolicyWithContext(ctx, acl, policy(r.rules)); err != nil {
			return nil, fmt.Errorf("write the ACL policy of %s: %w", r.name, err)
		}
		p := Person{Name: r.name}
		if r.entity {
			user, err := vault.AddUser(ctx, r.name, acl)
			if err != nil {
				return nil, err
			}
			p.Token, p.Entity = user.Token, user.EntityID
		} else if p.Token, err = vault.TokenWithoutEntity(ctx, acl); err != nil {
			return nil, err
		}
		people[r.name] = p
	}
	return people, nil
}

// vaultStorage is everything that Vault stores, read below its encryption.
type vaultStorage struct{ *vaultserver.Server }

// Walk visits every entry but those that hold the keys of Vault's own
// encryption, which it does not show.
func (s vaultStorage) Walk(ctx context.Context, visit func(string, []byte)) error {
	client, err := s.Client()
	if err != nil {
		return err
	}
	list := func(prefix string) ([]string, error) {
		listed, err := client.Logical().ListWithContext(ctx, "sys/raw/"+prefix)
		if err != nil || listed == nil {
			return nil, err
		}
		keys, _ := listed.Data["keys"].([]any)
		names := make([]string, 0, len(keys))
		for _, key := range keys {
			name, _ := key.(string)
			names = append(names, name)
		}
		return names, nil
	}
	return walk("", list, func(key string) error {
		value, err := readRaw(ctx, client, key)
		if err == nil && value != nil {
			visit(key, value)
		}
		return err
	})
}

// readRaw reads an entry, decompressed where Vault compressed it; nil for what
// Vault does not show. Of random bytes, such as a salt, it may believe that they
// are compressed and fail to decompress them; those are read as they are.
func readRaw(ctx context.Context, client *api.Client, key string) ([]byte, error) {
	query := map[string][]string{"encoding": {"base64"}}
	read, err := client.Logical().ReadWithDataWithContext(ctx, "sys/raw/"+key, query)
	var refused *api.ResponseError
	if errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest {
		query["compressed"] = []string{"false"}
		read, err = client.Logical().ReadWithDataWithContext(ctx, "sys/raw/"+key, query)
	}
	if errors.As(err, &refused) && refused.StatusCode < http.StatusInternalServerError {
		return nil, nil
	}
	if err != nil || read == nil {
		return nil, err
	}
	text, _ := read.Data["value"].(string)
	return base64.StdEncoding.DecodeString(text)
}
