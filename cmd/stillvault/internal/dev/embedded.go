package dev

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/phone"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// startEmbedded runs the development host with a token for every role. Where
// its data outlive it, so do the tokens.
func startEmbedded(ctx context.Context, o Options) (*Server, error) {
	people, err := loadPeople(filepath.Join(o.Home, "dev", "people.json"))
	if err != nil {
		return nil, err
	}
	var tokens []host.Token
	for _, r := range roles {
		p := people[r.name]
		token := host.Token{ID: p.Token, DisplayName: p.Name, Rules: r.rules}
		if r.entity {
			token.DisplayName = "userpass-" + p.Name
			token.Entity = &host.Entity{ID: p.Entity, Name: p.Name, Aliases: []host.Alias{
				{Name: p.Name, MountType: "userpass", MountAccessor: "auth_userpass_dev"},
			}}
		}
		tokens = append(tokens, token)
	}
	h, err := host.Start(ctx, host.Config{
		Plugin: o.Plugin, MountPath: Mount, Listen: o.Listen, Data: o.Data, Tokens: tokens, Logger: o.Logger,
		AllowedResponseHeaders: phone.AllowedHeaders(),
	})
	if err != nil {
		return nil, err
	}
	return &Server{
		Address: h.Addr(), Kind: "a development host of Vault's API, not a Vault",
		People: people, Storage: hostStorage{h}, close: h.Close,
	}, nil
}

// loadPeople reads the people of an earlier start, or makes them.
func loadPeople(path string) (map[string]Person, error) {
	people := map[string]Person{}
	data, err := file.ReadPrivate(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(data, &people); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return people, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	for _, r := range roles {
		p := Person{Name: r.name, Token: "dev." + rand.Text()}
		if r.entity {
			p.Entity = envelope.NewID().String()
		}
		people[r.name] = p
	}
	if data, err = json.MarshalIndent(people, "", "  "); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return people, file.WritePrivate(path, data)
}

// hostStorage is the storage of a development host, which does not encrypt it.
type hostStorage struct{ *host.Host }

// Walk visits the plug-in's entries.
func (s hostStorage) Walk(ctx context.Context, visit func(string, []byte)) error {
	storage := s.Storage()
	list := func(prefix string) ([]string, error) { return storage.List(ctx, prefix) }
	return walk("", list, func(key string) error {
		entry, err := storage.Get(ctx, key)
		if err == nil && entry != nil {
			visit(key, entry.Value)
		}
		return err
	})
}
