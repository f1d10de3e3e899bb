package provider

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/filename"
	"github.com/stillvault/stillvault/plugins/home"
)

// Environment variables that stand in for what the configuration leaves out,
// beside Vault's own.
const (
	signerVariable          = "STILLVAULT_SIGNER"
	signerTimeoutVariable   = "STILLVAULT_SIGNER_TIMEOUT"
	organizationVariable    = "STILLVAULT_ORGANIZATION"
	minimumHeadVariable     = "STILLVAULT_MINIMUM_HEAD"
	mountIDVariable         = "STILLVAULT_MOUNT_ID"
	consumerKeyFileVariable = "STILLVAULT_CONSUMER_KEY_FILE"
	consumerKeyVariable     = "STILLVAULT_CONSUMER_KEY"
)

// settings is the provider's configuration.
type settings struct {
	Address         types.String `tfsdk:"address"`
	Token           types.String `tfsdk:"token"`
	Namespace       types.String `tfsdk:"namespace"`
	Mount           types.String `tfsdk:"mount"`
	CACertFile      types.String `tfsdk:"ca_cert_file"`
	CACertDir       types.String `tfsdk:"ca_cert_dir"`
	ClientCertFile  types.String `tfsdk:"client_cert_file"`
	ClientKeyFile   types.String `tfsdk:"client_key_file"`
	TLSServerName   types.String `tfsdk:"tls_server_name"`
	SkipTLSVerify   types.Bool   `tfsdk:"skip_tls_verify"`
	Signer          types.String `tfsdk:"signer"`
	SignerTimeout   types.String `tfsdk:"signer_timeout"`
	Organization    types.String `tfsdk:"organization"`
	MinimumHead     types.String `tfsdk:"minimum_head"`
	MountID         types.String `tfsdk:"mount_id"`
	Home            types.String `tfsdk:"home"`
	ConsumerKeyFile types.String `tfsdk:"consumer_key_file"`
}

func settingsSchema() map[string]schema.Attribute {
	text := func(about string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: about}
	}
	return map[string]schema.Attribute{
		"address":          text("Address of Vault. Default `VAULT_ADDR`, else Vault's own default, `https://127.0.0.1:8200`."),
		"token":            schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Vault token. Default `VAULT_TOKEN`, else the one that `vault login` saved."},
		"namespace":        text("Vault namespace. Default `VAULT_NAMESPACE`."),
		"mount":            text("Path of the mount. Default `" + broker.MountVariable + "`, else `" + broker.DefaultMount + "`."),
		"ca_cert_file":     text("PEM file of the authorities that vouch for Vault. Default `VAULT_CACERT`."),
		"ca_cert_dir":      text("Directory of such files. Default `VAULT_CAPATH`."),
		"client_cert_file": text("PEM file of a client certificate. Default `VAULT_CLIENT_CERT`."),
		"client_key_file":  text("PEM file of its key. Default `VAULT_CLIENT_KEY`."),
		"tls_server_name":  text("Name that Vault's certificate must have. Default `VAULT_TLS_SERVER_NAME`."),
		"skip_tls_verify":  schema.BoolAttribute{Optional: true, MarkdownDescription: "Do not verify Vault's certificate. Default `VAULT_SKIP_VERIFY`. What is signed and sealed stays so; whoever sits between sees the token and the metadata."},
		"signer":           text("Address of the signer that holds the Org Identity key: `file:PATH`, `ssh-agent:SHA256:…`, `transit:NAME` or `exec:PATH?sha256=…`, which is how an HSM is reached. Default `" + signerVariable + "`. Needed for whatever changes the organisation."),
		"signer_timeout":   text("How long an agent, Vault or program may take to sign, such as `5m` where a person has to touch a key for it. Default `" + signerTimeoutVariable + "`, else a minute."),
		"organization":     text("Id of the organisation, 64 hexadecimal digits as `stillvault org show` prints them: a log of any other is refused. Default `" + organizationVariable + "`; without it, the state directory's pin or the signer's key decides."),
		"minimum_head":     text("Oldest state of the organisation's log that is accepted, `SEQ:HASH`, for runs without a state directory: an older one is refused as rolled back. Default `" + minimumHeadVariable + "`."),
		"mount_id":         text("Id of the mount, for runs without a state directory that read or write secrets: another mount is refused. Default `" + mountIDVariable + "`."),
		"home":             text("State directory, as the `stillvault` command has: it remembers the organisation, the newest log and the newest versions seen. Default `" + home.Variable + "`; without it, nothing is remembered between runs but by resources in Terraform's state."),
		"consumer_key_file": text("File with the key of this provider as a consumer and author, as `stillvault consumer keygen` makes it: what reads and writes secrets end to end. " +
			"Default `" + consumerKeyFileVariable + "`; `" + consumerKeyVariable + "` may hold the key itself. It is never in the state."),
	}
}

// known refuses values that other resources would have to make first.
func (s *settings) known(diags *diag.Diagnostics) {
	for name, unknown := range map[string]bool{
		"address": s.Address.IsUnknown(), "token": s.Token.IsUnknown(), "namespace": s.Namespace.IsUnknown(), "mount": s.Mount.IsUnknown(),
		"ca_cert_file": s.CACertFile.IsUnknown(), "ca_cert_dir": s.CACertDir.IsUnknown(), "client_cert_file": s.ClientCertFile.IsUnknown(),
		"client_key_file": s.ClientKeyFile.IsUnknown(), "tls_server_name": s.TLSServerName.IsUnknown(), "skip_tls_verify": s.SkipTLSVerify.IsUnknown(),
		"signer": s.Signer.IsUnknown(), "signer_timeout": s.SignerTimeout.IsUnknown(), "organization": s.Organization.IsUnknown(), "minimum_head": s.MinimumHead.IsUnknown(),
		"mount_id": s.MountID.IsUnknown(), "home": s.Home.IsUnknown(), "consumer_key_file": s.ConsumerKeyFile.IsUnknown(),
	} {
		if unknown {
			diags.AddAttributeError(path.Root(name), "Value not known yet",
				"The provider needs this when it plans. Use a value that no resource of this run has to make first, an environment variable, or apply that resource alone before.")
		}
	}
}

// or returns the configured value, else the environment's.
func or(v types.String, variable string) string {
	if !v.IsNull() {
		return v.ValueString()
	}
	return os.Getenv(variable)
}

// client makes the client of Vault that the configuration and Vault's own
// environment variables describe.
func (s *settings) client() (*broker.Client, error) {
	c := vault.DefaultConfig()
	if c.Error != nil {
		return nil, fmt.Errorf("read Vault's environment variables: %w", filename.Error(c.Error))
	}
	tls := vault.TLSConfig{
		CACert: or(s.CACertFile, vault.EnvVaultCACert), CAPath: or(s.CACertDir, vault.EnvVaultCAPath),
		ClientCert: or(s.ClientCertFile, vault.EnvVaultClientCert), ClientKey: or(s.ClientKeyFile, vault.EnvVaultClientKey),
		TLSServerName: or(s.TLSServerName, vault.EnvVaultTLSServerName), Insecure: s.SkipTLSVerify.ValueBool(),
	}
	if s.SkipTLSVerify.IsNull() {
		tls.Insecure, _ = strconv.ParseBool(os.Getenv(vault.EnvVaultSkipVerify))
	}
	if err := c.ConfigureTLS(&tls); err != nil {
		return nil, fmt.Errorf("set up TLS: %w", filename.Error(err))
	}
	client, err := vault.NewClient(c)
	if err != nil {
		return nil, fmt.Errorf("make a client for Vault: %w", err)
	}
	if !s.Namespace.IsNull() {
		client.SetNamespace(s.Namespace.ValueString())
	}
	return broker.New(broker.Config{Client: client, Address: s.Address.ValueString(), Token: s.Token.ValueString(), Mount: s.Mount.ValueString()})
}

// organisation is the pinned id, zero where neither configuration nor
// environment names one.
func (s *settings) organisation() (envelope.Hash, error) {
	text := or(s.Organization, organizationVariable)
	if text == "" {
		return envelope.Hash{}, nil
	}
	id, err := envelope.ParseHash(text)
	if err != nil {
		return id, fmt.Errorf("%s: give what `stillvault org show` prints as the organisation, or the id of stillvault_organization", noHash(text))
	}
	if id.IsZero() { // which would pin nothing
		return id, errors.New("no organisation's id is zero")
	}
	return id, nil
}

// patience is how long a signer may take, 0 where nobody says.
func (s *settings) patience() (time.Duration, error) {
	text := or(s.SignerTimeout, signerTimeoutVariable)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no duration such as 90s or 5m", text)
	}
	return d, nil
}

// minimum is the oldest head that is accepted, of the zero hash for none.
func (s *settings) minimum() (roster.Head, error) {
	text := or(s.MinimumHead, minimumHeadVariable)
	if text == "" {
		return roster.Head{}, nil
	}
	return parseHead(text)
}
