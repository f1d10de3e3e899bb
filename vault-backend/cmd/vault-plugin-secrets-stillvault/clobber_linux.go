package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// clobber has the runtime overwrite memory when it frees it, so that what gRPC
// and Vault's SDK copied of a plaintext does not outlive the next collection.
// The runtime reads that setting once, before main, and Vault decides what is in
// the environment; so the program replaces itself by itself. /proc/self/exe is
// the very file that runs, which Vault checked, whatever lies at its path now.
// It returns only if there is nothing to do or it cannot be done.
func clobber() error {
	const variable, setting = "GODEBUG", "clobberfree"
	settings := os.Getenv(variable)
	if strings.Contains(settings, setting+"=") {
		return nil
	}
	if settings != "" {
		settings += ","
	}
	if err := os.Setenv(variable, settings+setting+"=1"); err != nil {
		return fmt.Errorf("set %s: %w", variable, err)
	}
	if err := syscall.Exec("/proc/self/exe", os.Args, os.Environ()); err != nil {
		return fmt.Errorf("start again with %s=%s: %w", variable, settings+setting+"=1", err)
	}
	return nil
}
