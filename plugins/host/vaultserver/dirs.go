package vaultserver

import (
	"fmt"
	"os"
	"path/filepath"
)

// makeDirs resolves symbolic links, because Vault refuses a plug-in whose
// path leaves the plug-in directory through one.
func (s *Server) makeDirs() (err error) {
	dir := s.options.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "stillvault-vault-"); err != nil {
			return fmt.Errorf("making vault's directory: %w", err)
		}
		s.removeDir = true
	}
	pluginDir := s.options.PluginDir
	if pluginDir == "" {
		pluginDir = filepath.Join(dir, "plugins")
	}
	for _, d := range []string{dir, filepath.Join(dir, "raft"), pluginDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("making vault's directories: %w", err)
		}
	}
	if s.dir, err = resolved(dir); err != nil {
		return err
	}
	s.pluginDir, err = resolved(pluginDir)
	return err
}

func resolved(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", path, err)
	}
	target, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", path, err)
	}
	return target, nil
}
