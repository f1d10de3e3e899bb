package vaultserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
)

// listenAddrs are the two host:port pairs that a server listens on: the API,
// and the cluster port that raft wants even when it is alone.
type listenAddrs struct{ api, cluster string }

func (a listenAddrs) apiURL() string { return "http://" + a.api }

// chooseAddrs looks for free ports, both at once so that they differ. A given API
// address is kept.
func chooseAddrs(api string) (listenAddrs, error) {
	first, err := listen(api)
	if err != nil {
		return listenAddrs{}, fmt.Errorf("choosing vault's port: %w; stop what listens there, or choose another address", err)
	}
	second, err := listen("")
	if err != nil {
		return listenAddrs{}, errors.Join(fmt.Errorf("choosing vault's cluster port: %w", err), first.Close())
	}
	addrs := listenAddrs{api: first.Addr().String(), cluster: second.Addr().String()}
	return addrs, errors.Join(first.Close(), second.Close())
}

// Ports from firstPort on, portCount of them, are those that a server chooses from:
// below all that systems give out by themselves, so that none is taken by somebody's
// connection before Vault listens on it, or while a killed Vault is not back yet.
const (
	firstPort, portCount = 10_000, 20_000
	portTries            = 1000
)

// listen listens on an address, "" being any free port of 127.0.0.1.
func listen(address string) (net.Listener, error) {
	if address != "" {
		return net.Listen("tcp", address)
	}
	for try := 1; ; try++ {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.N(portCount)))
		if err == nil || try == portTries {
			return listener, err
		}
	}
}

// free reports whether nothing listens on either address now.
func (a listenAddrs) free() bool {
	for _, address := range []string{a.api, a.cluster} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return false
		}
		if listener.Close() != nil {
			return false
		}
	}
	return true
}

// writeConfig writes the server's configuration and returns its path. It is
// JSON, which Vault reads like HCL, so that no path needs quoting.
func (s *Server) writeConfig() (string, error) {
	type object = map[string]any
	storage := object{"inmem": object{}}
	if s.options.Storage == Raft {
		storage = object{"raft": object{
			"path": filepath.Join(s.dir, "raft"), "node_id": "stillvault",
			// 1 is raft's own timing; Vault's default of 5 waits for
			// networks, and there is none between one node and itself.
			"performance_multiplier": "1",
		}}
	}
	level := s.options.LogLevel
	if level == "" {
		level = "info"
	}
	settings := object{
		"storage": storage,
		"listener": object{"tcp": object{
			"address": s.addr.api, "cluster_address": s.addr.cluster, "tls_disable": true,
		}},
		"api_addr":             s.addr.apiURL(),
		"cluster_addr":         "https://" + s.addr.cluster,
		"raw_storage_endpoint": s.options.RawStorage,
		"disable_mlock":        true, // needs a capability that a test run does not have
		"log_level":            level,
	}
	if !s.options.NoPlugins {
		settings["plugin_directory"] = s.pluginDir
	}
	config, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding vault's configuration: %w", err)
	}
	path := filepath.Join(s.dir, "server.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return "", fmt.Errorf("writing vault's configuration: %w", err)
	}
	return path, nil
}
