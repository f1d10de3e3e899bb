// Command measured is the Stillvault secrets engine, as it is, in a process that
// collects its garbage and gives memory back when it is sent SIGUSR1: so that
// what is resident is what is in use.
package main

import (
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/plugin"

	backend "github.com/stillvault/stillvault/vault-backend"
)

// clobber has the runtime overwrite what it frees, as the shipped plug-in does.
func clobber() error {
	const setting = "clobberfree=1"
	if strings.Contains(os.Getenv("GODEBUG"), setting) {
		return nil
	}
	if err := os.Setenv("GODEBUG", setting); err != nil {
		return err
	}
	return syscall.Exec("/proc/self/exe", os.Args, os.Environ())
}

func main() {
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR1)
	go func() {
		for range collect {
			debug.FreeOSMemory()
		}
	}()
	if err := clobber(); err != nil {
		panic(err)
	}
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: backend.Factory, Logger: logger})
	if err != nil {
		logger.Error("the plug-in ended", "error", err)
		os.Exit(1)
	}
}
