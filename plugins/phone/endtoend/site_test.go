package endtoend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/host"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
	bundle "github.com/stillvault/stillvault/plugins/phone"
	backend "github.com/stillvault/stillvault/vault-backend"
)

// site is a server with the engine mounted and an organisation in it, whose
// signer is the built command. Tests share it: each has people, paths and
// policies of its own.
type site struct {
	name  string
	addr  string // of the server itself
	admin string // token
	front *front // where the app is publicly
	home  string // of the signer
	dir   string
	host  *host.Host // the development host, if it is one
	data  string     // where that keeps its storage; in memory if empty

	signing sync.Mutex // one command signs at a time
	login   func(name string) (member, error)
	close   []func() error
}

// member is somebody who can log in to the server.
type member struct{ name, token, entity string }

// siteOnce makes a shared site when the first test asks for it.
type siteOnce struct {
	once sync.Once
	site *site
	err  error
}

var embeddedOnce, vaultOnce siteOnce

// servers are the two that the app has to work on.
var servers = map[string]func(testing.TB) *site{"host": embedded, "vault": realVault}

// embedded is the development host that tests share.
func embedded(t testing.TB) *site {
	t.Helper()
	needsApp(t)
	return embeddedOnce.get(t, func(s *site) error { return s.startEmbedded("") })
}

// realVault is the Vault server that tests share.
func realVault(t testing.TB) *site {
	t.Helper()
	needsApp(t)
	root := vaultservertest.ModuleRoot(t)
	return vaultOnce.get(t, func(s *site) error { return s.startVault(root) })
}

func (o *siteOnce) get(t testing.TB, start func(*site) error) *site {
	t.Helper()
	o.once.Do(func() {
		o.site, o.err = newSite(start)
		if o.site != nil {
			atTheEnd(o.site.stop)
		}
	})
	if errors.Is(o.err, vaultserver.ErrNoVault) {
		missing(t, "Vault", o.err.Error())
	}
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.site
}

// ownSite is a development host for one test alone, which may do to it what it
// likes. data is where it keeps its storage.
func ownSite(t testing.TB, data string) *site {
	t.Helper()
	needsApp(t)
	s, err := newSite(func(s *site) error { return s.startEmbedded(data) })
	if s != nil {
		t.Cleanup(func() {
			if err := s.stop(); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// needsApp ends a test where the plug-in would be built without the app.
func needsApp(t testing.TB) {
	t.Helper()
	needsBrowser(t)
	if !bundle.Built() {
		missing(t, "the built phone app", "run `make phone`")
	}
}

func newSite(start func(*site) error) (*site, error) {
	if err := buildPrograms(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "stillvault-site-")
	if err != nil {
		return nil, err
	}
	s := &site{dir: dir, home: filepath.Join(dir, "home")}
	s.close = append(s.close, func() error { return os.RemoveAll(dir) })
	if err := start(s); err != nil {
		return s, err
	}
	s.front = startFront(s.addr)
	s.close = append(s.close, s.front.close)
	return s, s.found()
}

func (s *site) stop() error {
	var err error
	for i := len(s.close) - 1; i >= 0; i-- {
		err = errors.Join(err, s.close[i]())
	}
	return err
}

// found founds the organisation: log, pin, the mount as a consumer, and where
// the app is.
func (s *site) found() error {
	for _, args := range [][]string{
		{"org", "init", "--no-passphrase", "--recovery-file", filepath.Join(s.dir, "recovery")},
		{"org", "log", "push"},
		{"consumer", "admit", "--mount", "--yes"},
	} {
		if r := s.command(s.admin, args...); r.code != 0 {
			return fmt.Errorf("stillvault %v: %s", args, r.stderr)
		}
	}
	client, err := s.client(s.admin)
	if err != nil {
		return err
	}
	return client.WriteSettings(context.Background(), map[string]any{"public_url": s.front.app(), "cooldown": "1s", "default_wait": "30s"})
}

// client speaks to the server itself, not through what a browser sees.
func (s *site) client(token string) (*broker.Client, error) {
	return broker.New(broker.Config{Address: s.addr, Token: token, Mount: mountPath})
}

const memberPolicy = `path "` + mountPath + `/*" { capabilities = ["create", "read", "update", "delete", "list"] }`

// hostMembers is how many people a development host knows: its tokens are fixed
// when it starts.
const hostMembers = 1000

func (s *site) startEmbedded(data string) error {
	s.name, s.admin, s.data = "host", "admin-token", data
	people := make(chan member, hostMembers)
	for i := range hostMembers {
		people <- hostMember(i)
	}
	s.login = func(string) (member, error) {
		select {
		case m := <-people:
			return m, nil
		default:
			return member{}, errors.New("the development host has no more members; raise hostMembers")
		}
	}
	s.close = append(s.close, s.stopHost)
	return s.startHost()
}

func hostMember(i int) member {
	name := fmt.Sprintf("member-%d", i)
	return member{name: name, token: name + "-token", entity: fmt.Sprintf("00000000-0000-4000-8000-%012d", i)}
}

// startHost starts the development host, with what it kept if it ran before. It is
// at another address then, since somebody may have taken the one that it had, and
// the site's own front leads there.
func (s *site) startHost() error {
	tokens := []host.Token{{ID: s.admin, Root: true}}
	for i := range hostMembers {
		m := hostMember(i)
		tokens = append(tokens, host.Token{ID: m.token, DisplayName: "userpass-" + m.name, Entity: &host.Entity{
			ID: m.entity, Name: m.name, Aliases: []host.Alias{{Name: m.name, MountType: "userpass", MountAccessor: "auth_userpass_1"}},
		}})
	}
	var err error
	s.host, err = host.Start(context.Background(), host.Config{
		Plugin: pluginBinary, Tokens: tokens, Data: s.data, AllowedResponseHeaders: bundle.AllowedHeaders(),
	})
	if err != nil {
		return err
	}
	s.addr = s.host.Addr()
	if s.front != nil {
		s.front.leadTo(s.addr)
	}
	return nil
}

func (s *site) stopHost() error {
	if s.host == nil {
		return nil
	}
	stopped := s.host
	s.host = nil
	return stopped.Close()
}

func (s *site) startVault(root string) error {
	server, err := vaultserver.Start(context.Background(), vaultserver.Options{Root: root})
	if err != nil {
		return err
	}
	s.name, s.addr, s.admin = "vault", server.Addr(), server.RootToken()
	s.close = append(s.close, server.Close)
	err = server.MountEngine(context.Background(), vaultserver.Engine{
		Binary: pluginBinary, Version: backend.Version, Path: mountPath, AllowedResponseHeaders: bundle.AllowedHeaders(),
	})
	if err != nil {
		return err
	}
	client, err := server.Client()
	if err != nil {
		return err
	}
	s.login = func(name string) (member, error) {
		user, err := server.AddUser(context.Background(), name, "member")
		return member{name: user.Name, token: user.Token, entity: user.EntityID}, err
	}
	return client.Sys().PutPolicy("member", memberPolicy)
}

// member makes somebody with a token and an entity of their own.
func (s *site) member(t testing.TB) member {
	t.Helper()
	m, err := s.login(unique("member"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
