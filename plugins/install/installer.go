package install

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/broker"
)

// Options say what to install where.
type Options struct {
	// Binary is the path of the plug-in program on this host. A rollback needs
	// none.
	Binary string
	// PluginDir is Vault's plugin_directory as it is reached on this host.
	// Empty: Vault's own name for it, if Vault runs on this host.
	PluginDir string
	// Name is what the plug-in is called in Vault's catalogue. Empty: PluginName.
	Name string
	// Path is where the engine is mounted. Empty: stillvault.
	Path string
	// Say is told what happens, a line at a time without its end. Nil: nobody.
	Say func(line string)
}

// Installer installs into one Vault.
type Installer struct {
	vault   *api.Client
	options Options
	say     func(format string, args ...any)
}

// callTimeout bounds one call. A reload waits for the reads that block in the
// mount, which last 55 s where draining did not end them.
const callTimeout = 2 * time.Minute

// New makes an installer that speaks through client, whose address and token it
// uses. It does not connect.
func New(client *api.Client, options Options) (*Installer, error) {
	own, err := client.CloneWithHeaders()
	if err != nil {
		return nil, fmt.Errorf("make a client for Vault: %w", err)
	}
	own.SetToken(client.Token())
	own.SetClientTimeout(callTimeout)
	// Vault's 500 tells what is wrong with a plug-in; asking again twice would
	// start it twice more and tell the same later.
	own.SetMaxRetries(0)
	options.Path = strings.Trim(options.Path, "/")
	if options.Path == "" {
		options.Path = broker.DefaultMount
	}
	options.Name = cmp.Or(options.Name, PluginName)
	say := func(format string, args ...any) {
		if options.Say != nil {
			options.Say(fmt.Sprintf(format, args...))
		}
	}
	return &Installer{vault: own, options: options, say: say}, nil
}

// broker is a client of the engine at a mount.
func (in *Installer) broker(path string) (*broker.Client, error) {
	own, err := in.vault.CloneWithHeaders()
	if err != nil {
		return nil, fmt.Errorf("make a client for %s/: %w", path, err)
	}
	own.SetToken(in.vault.Token())
	return broker.New(broker.Config{Client: own, Mount: path})
}
