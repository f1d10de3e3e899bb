package vaultserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/vault/api"
)

// Engine is a secrets engine to mount.
type Engine struct {
	// Binary is the path of the plug-in; it is copied into PluginDir, because
	// Vault refuses a link that leads out of there.
	Binary string
	// Version is the one that the binary reports, with its "v": Vault refuses
	// to run a plug-in that is registered under another.
	Version string
	// Path is where it is mounted, such as "stillvault".
	Path string
	// AllowedResponseHeaders are the headers that may cross the mount.
	AllowedResponseHeaders []string
}

// MountEngine registers the engine in Vault's plug-in catalogue, pinned by
// version and SHA-256, and mounts it.
func (s *Server) MountEngine(ctx context.Context, e Engine) error {
	name := filepath.Base(e.Binary)
	sum, err := s.copyPlugin(e.Binary, name)
	if err != nil {
		return fmt.Errorf("copying the plug-in into %s: %w", s.pluginDir, err)
	}
	client, err := s.Client()
	if err != nil {
		return err
	}
	err = client.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: name, Type: api.PluginTypeSecrets, Command: name, SHA256: sum, Version: e.Version,
	})
	if err != nil {
		return fmt.Errorf("registering %s %s in vault: %w", name, e.Version, err)
	}
	err = client.Sys().MountWithContext(ctx, e.Path, &api.MountInput{
		Type: name,
		Config: api.MountConfigInput{
			PluginVersion: e.Version, AllowedResponseHeaders: e.AllowedResponseHeaders,
		},
	})
	if err != nil {
		return fmt.Errorf("mounting %s at %s: %w", name, e.Path, err)
	}
	return nil
}

// copyPlugin returns the SHA-256 of what it copied, in hexadecimal. Meanwhile this
// process starts no other: a child would have the copy open for writing until its own
// program runs, and what somebody writes to, the kernel does not start.
func (s *Server) copyPlugin(binary, name string) (sum string, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	from, err := os.Open(binary)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(s.pluginDir, name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, hash), from)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
