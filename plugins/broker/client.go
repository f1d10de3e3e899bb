package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	vault "github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/cliconfig"

	"github.com/stillvault/stillvault/plugins/filename"
)

// MountVariable is the environment variable that names the mount.
const MountVariable = "STILLVAULT_MOUNT"

// DefaultMount is where the engine is mounted unless somebody says otherwise.
const DefaultMount = "stillvault"

// Config says which broker to speak to. Every field may be left empty: then
// VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, the VAULT_*CERT* variables and
// STILLVAULT_MOUNT decide, as they do for the vault command; without
// VAULT_TOKEN, the token that `vault login` saved is used.
type Config struct {
	Address string
	Token   string
	Mount   string // path of the mount, without slashes around it
	// Anonymous is for an address that came from somebody else, such as in a
	// link: no token is sent there, whatever the environment has.
	Anonymous bool
	// Client is used in place of one made from the environment; Address and
	// Token are then set on it where they are not empty.
	Client *vault.Client
}

// Client speaks to one mount of one Vault. It may be used from several
// goroutines.
type Client struct {
	vault     *vault.Client
	mount     string
	addressed bool // the address was given, not the environment's
	anonymous bool // no token is sent, on purpose

	sleep func(context.Context, time.Duration) error
	now   func() time.Time
}

// CheckAddress refuses an address that does not say how Vault is spoken to, which
// would be read as another kind of URL.
func CheckAddress(address string) error {
	if address != "" && !strings.Contains(address, "://") {
		return fmt.Errorf("address %.200q: it has no scheme; begin it with https://, or with http:// where Vault runs on this machine without TLS", address)
	}
	return nil
}

// New makes a client. It does not connect.
func New(config Config) (*Client, error) {
	if err := CheckAddress(config.Address); err != nil {
		return nil, err
	}
	client := config.Client
	if client == nil {
		if err := CheckAddress(os.Getenv(vault.EnvVaultAddress)); err != nil {
			return nil, fmt.Errorf("%s: %w", vault.EnvVaultAddress, err)
		}
		settings := vault.DefaultConfig()
		if settings.Error != nil {
			return nil, fmt.Errorf("read Vault's environment variables: %w", filename.Error(settings.Error))
		}
		var err error
		if client, err = vault.NewClient(settings); err != nil {
			return nil, fmt.Errorf("make a client for Vault: %w", err)
		}
	}
	if config.Address != "" {
		if err := client.SetAddress(config.Address); err != nil {
			return nil, fmt.Errorf("address %q: %w", config.Address, err)
		}
	}
	switch {
	case config.Anonymous:
		client.ClearToken()
	case config.Token != "":
		client.SetToken(config.Token)
	case client.Token() == "":
		client.SetToken(helperToken())
	}
	// Vault would store a wrapped answer in a cubbyhole, in plaintext.
	client.SetWrappingLookupFunc(func(string, string) string { return "" })

	mount := config.Mount
	if mount == "" {
		mount = os.Getenv(MountVariable)
	}
	if mount == "" {
		mount = DefaultMount
	}
	mount = strings.Trim(mount, "/")
	if mount == "" || strings.Contains(mount, "..") || strings.Contains(mount, "//") {
		return nil, fmt.Errorf("mount path %q: use the path that `vault secrets list` shows", config.Mount)
	}
	return &Client{vault: client, mount: mount, addressed: config.Address != "", anonymous: config.Anonymous, sleep: sleep, now: time.Now}, nil
}

// helperToken is the token that `vault login` left, "" where there is none: what
// goes wrong here shows as the 403 that follows.
func helperToken() string {
	helper, err := cliconfig.DefaultTokenHelper()
	if err != nil {
		return ""
	}
	token, err := helper.Get()
	if err != nil {
		return ""
	}
	return token
}

// Address is the address of the Vault server.
func (c *Client) Address() string { return c.vault.Address() }

// Mount is the path of the mount, without slashes around it.
func (c *Client) Mount() string { return c.mount }

// Where is the mount and the address, for people.
func (c *Client) Where() string { return c.mount + " at " + plainAddress(c.Address()) }

// Vault is the underlying client, for what lies outside the mount.
func (c *Client) Vault() *vault.Client { return c.vault }

func (c *Client) path(parts ...string) string {
	return c.mount + "/" + strings.Join(parts, "/")
}

// get reads a path into out. found is false where nothing is there.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) (found bool, err error) {
	body, err := c.getRaw(ctx, path, query)
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Status == http.StatusNotFound && e.Text == "" {
			return false, nil
		}
		return false, err
	}
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return false, fmt.Errorf("read %s: the answer is not one of Vault's: %w", path, err)
	}
	return true, decodeData(path, answer.Data, out)
}

// getRaw reads a path and returns the whole body, which the caller owns.
func (c *Client) getRaw(ctx context.Context, path string, query url.Values) ([]byte, error) {
	response, err := c.vault.Logical().ReadRawWithDataWithContext(ctx, path, query)
	if err != nil {
		if response != nil {
			_ = response.Body.Close()
		}
		return nil, c.decodeError("read", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return body, nil
}

// list lists a path with what the broker says of each key. A path with nothing
// under it gives an empty list.
func (c *Client) list(ctx context.Context, path string, query url.Values, out any) error {
	if query == nil {
		query = url.Values{}
	}
	query.Set("list", "true")
	_, err := c.get(ctx, path, query, out)
	return err
}

// post writes in to a path and decodes the answer's data into out, which may be
// nil. Vault tells create from update by what exists, not by the method.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	encoded, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	answer, err := c.vault.Logical().WriteBytesWithContext(ctx, path, encoded)
	if err != nil {
		return c.decodeError("write", path, err)
	}
	if out == nil {
		return nil
	}
	if answer == nil {
		return fmt.Errorf("write %s: the answer is empty; is %s a Stillvault mount?", path, c.mount)
	}
	data, err := json.Marshal(answer.Data)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return decodeData(path, data, out)
}

func (c *Client) delete(ctx context.Context, path string) error {
	if _, err := c.vault.Logical().DeleteWithContext(ctx, path); err != nil {
		return c.decodeError("delete", path, err)
	}
	return nil
}

// decodeData fills out from the data of an answer. Fields that out lacks are
// ignored: an older client works with a newer broker.
func decodeData(path string, data json.RawMessage, out any) error {
	if out == nil || len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s: the broker's answer has another form than this client knows: %w", path, err)
	}
	return nil
}
