// Command vault-plugin-secrets-stillvault is the Stillvault secrets engine as a
// plug-in: Vault, or the development host, starts it.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/plugin"

	backend "github.com/stillvault/stillvault/vault-backend"
)

func main() {
	if len(os.Args) == 2 && (os.Args[1] == "-version" || os.Args[1] == "--version") {
		fmt.Println(backend.Version)
		return
	}
	// Vault reads structured lines from standard error and logs them as its own.
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	if err := clobber(); err != nil {
		logger.Warn("freed memory is not overwritten, so plaintexts that passed through may stay in it for longer", "error", err)
	}
	go endWithParent(os.Getppid())
	err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: backend.Factory, Logger: logger})
	if err != nil {
		logger.Error("the plug-in ended", "error", err)
		os.Exit(1)
	}
}
