package main

import (
	"context"
	"runtime/debug"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/home"
)

// home opens the state directory.
func (a *app) home() (*home.Home, error) { return home.Open(a.homeDir) }

// broker makes the client that the flags and the environment describe.
func (a *app) broker() (*broker.Client, error) {
	return broker.New(broker.Config{Address: a.address, Mount: a.mount, Anonymous: a.linked})
}

// mountOf reads what the mount says of itself and refuses one that has another
// id, or another organisation, than is pinned here.
func (a *app) mountOf(ctx context.Context, h *home.Home, client *broker.Client) (*broker.Mount, error) {
	m, err := client.ReadMount(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := h.PinMount(client.Address(), client.Mount(), m.ID); err != nil {
		return nil, err
	}
	return m, nil
}

// release is the version that make gives a build, empty in any other.
var release string

// version is that of the release, of the module or, in a build from a checkout,
// its commit.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "0.1.0-dev+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "0.1.0-dev"
}
