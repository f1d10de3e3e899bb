package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// sum writes the SHA256SUMS of a release, as sha256sum -c reads it, and signs
// it if there is a key to sign with.
func (d distribution) sum(ctx context.Context, release string, files []string) error {
	slices.Sort(files)
	var text bytes.Buffer
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(d.dir, name))
		if err != nil {
			return fmt.Errorf("sum %s: %w", name, err)
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(content), name)
	}
	path := filepath.Join(d.dir, fmt.Sprintf("%s_%s_SHA256SUMS", release, d.version))
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintln(d.say, path)
	if d.key == "" {
		return nil
	}
	return d.sign(ctx, path)
}

// sign makes the detached binary signature that registries check. GPG may ask
// for the key's passphrase.
func (d distribution) sign(ctx context.Context, path string) error {
	signature := path + ".sig"
	gpg := exec.CommandContext(ctx, "gpg", "--yes", "--local-user", d.key, "--output", signature, "--detach-sign", path)
	gpg.Stdin, gpg.Stdout, gpg.Stderr = os.Stdin, os.Stderr, os.Stderr
	if err := gpg.Run(); err != nil {
		return fmt.Errorf("sign %s with the GPG key %s; `gpg --list-secret-keys` shows which are here: %w", path, d.key, err)
	}
	fmt.Fprintln(d.say, signature)
	return nil
}
