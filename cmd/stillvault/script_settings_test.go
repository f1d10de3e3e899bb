package main

import (
	"context"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/plugins/broker"
)

// scriptSettings runs "settings NAME=VALUE": an administrator configures the
// mount that the script's environment names.
func scriptSettings(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 || !strings.Contains(args[0], "=") {
		ts.Fatalf("usage: settings NAME=VALUE")
	}
	client, err := broker.New(broker.Config{
		Address: ts.Getenv("VAULT_ADDR"), Token: ts.Getenv("ADMIN_TOKEN"), Mount: ts.Getenv("STILLVAULT_MOUNT"),
	})
	ts.Check(err)
	name, value, _ := strings.Cut(args[0], "=")
	ts.Check(client.WriteSettings(context.Background(), map[string]any{name: value}))
}
