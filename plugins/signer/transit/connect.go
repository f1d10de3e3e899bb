package transit

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/go-cleanhttp"
	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/filename"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// The environment variables that say where Transit is and who asks, where the
// signer's address does not.
const (
	AddressVariable = "STILLVAULT_TRANSIT_ADDR"
	TokenVariable   = "STILLVAULT_TRANSIT_TOKEN"
)

// defaultMount is where Vault mounts the engine unless somebody says otherwise.
const defaultMount = "transit"

var errNoToken = fmt.Errorf("there is no token for it; set %s, or add ?token_file=PATH to the address: %w", TokenVariable, signer.ErrUnavailable)

// connect makes a client for the Vault that the address names. Only where that
// is the Vault of VAULT_ADDR do the other variables of Vault's own client count:
// a token, a namespace or a client certificate for one Vault must not be shown
// to another.
func connect(a signer.Address, o signer.Options) (*remote, context.CancelFunc, error) {
	address := server(a)
	if address == "" {
		return nil, nil, fmt.Errorf("no Vault is named; set %s, or add ?address=https://… to the address: %w", AddressVariable, signer.ErrAddress)
	}
	if !signer.IsServer(address) && address != os.Getenv(vault.EnvVaultAddress) { // of Vault's own, that is for Vault's client to say
		return nil, nil, fmt.Errorf("%s is no URL of a Vault, https or plain HTTP on this machine: %w", AddressVariable, signer.ErrAddress)
	}
	own := sameAddress(address, os.Getenv(vault.EnvVaultAddress))
	settings := foreign()
	if own {
		settings = vault.DefaultConfig()
	}
	settings.Address, settings.AgentAddress, settings.MaxRetries = address, "", 0
	settings.Timeout = o.Limit()
	if path := a.Value("ca_cert"); path != "" && settings.Error == nil {
		settings.Error = settings.ConfigureTLS(&vault.TLSConfig{CACert: path})
	}
	if settings.Error != nil {
		return nil, nil, fmt.Errorf("how to reach Vault: %w: %w", filename.Error(settings.Error), signer.ErrUnavailable)
	}
	client, err := vault.NewClient(settings)
	if err != nil {
		return nil, nil, fmt.Errorf("make a client for Vault at %s: %w: %w", address, filename.Error(err), signer.ErrAddress)
	}
	client.ClearToken() // of VAULT_TOKEN, until a call says which
	if !own {
		client.SetHeaders(http.Header{vault.RequestHeaderName: {"true"}}) // without VAULT_NAMESPACE and VAULT_HEADERS
	}
	if namespace := a.Value("namespace"); namespace != "" {
		client.SetNamespace(namespace)
	}
	client.SetWrappingLookupFunc(func(string, string) string { return "" })
	open, closed := context.WithCancel(context.Background())
	return &remote{
		client: client, http: settings.HttpClient, mount: cmp.Or(a.Value("mount"), defaultMount),
		token: tokenOf(a.Value("token_file"), own), limit: o.Limit(), open: open,
	}, closed, nil
}

// server is the address of the Vault that a signer's address means, "" for none.
func server(a signer.Address) string {
	return cmp.Or(a.Value("address"), os.Getenv(AddressVariable), os.Getenv(vault.EnvVaultAddress))
}

// In says whether the signer of this address has its key in the Vault at that
// address, as far as addresses tell. Whoever controls that Vault then is the
// organisation: nothing that this key signs can hold against it.
func In(address, vault string) bool {
	a, err := signer.ParseAddress(address)
	return err == nil && a.Scheme == signer.Transit && sameAddress(server(a), vault)
}

// foreign is a client's configuration that has nothing of the environment.
func foreign() *vault.Config {
	transport := cleanhttp.DefaultPooledTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return &vault.Config{HttpClient: &http.Client{
		Transport: transport,
		// Vault's client follows the one redirect that a standby answers with.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func sameAddress(a, b string) bool {
	return strings.TrimRight(a, "/") == strings.TrimRight(b, "/")
}

// tokenOf returns where the token comes from: tokenFile, a file that only its
// owner may read, or else the environment.
func tokenOf(tokenFile string, own bool) func() (string, error) {
	return func() (string, error) {
		if tokenFile != "" {
			data, err := file.ReadPrivate(tokenFile)
			if err != nil {
				return "", fmt.Errorf("read the token: %w: %w", err, signer.ErrUnavailable)
			}
			return strings.TrimSpace(string(data)), nil
		}
		if token := os.Getenv(TokenVariable); token != "" {
			return token, nil
		}
		if token := os.Getenv(vault.EnvVaultToken); own && token != "" {
			return token, nil
		}
		return "", errNoToken
	}
}
