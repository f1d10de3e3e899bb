package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	backend "github.com/stillvault/stillvault/vault-backend"
)

// TestNobodyWithoutATokenFillsVaultsLog asks a real Vault for what the app does
// not have.
func TestNobodyWithoutATokenFillsVaultsLog(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED against a real Vault: -short")
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory})
	engine := vaultserver.Engine{Binary: os.Getenv(pluginVariable), Version: backend.Version, Path: "stillvault"}
	if err := server.MountEngine(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(server.Log())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(server.Addr() + "/v1/stillvault/app/nothing.js")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusNotFound || !strings.Contains(string(body), `"errors":["app_`) {
		t.Errorf("status %d, %s, %v", resp.StatusCode, body, err)
	}
	after, err := os.ReadFile(server.Log())
	if err != nil {
		t.Fatal(err)
	}
	if wrote := string(after[len(before):]); strings.Contains(wrote, "[ERROR]") {
		t.Errorf("Vault's log has %s", wrote)
	}
}
