// Package provider is the Terraform provider: resources, data sources, an
// ephemeral resource and functions over one organisation and one mount.
//
// What a resource changes is signed here, by the organisation's signer, and
// appended to the organisation's log ([orglog.Log]); what Vault shows is
// believed only as far as that log says so. A secret's value passes through
// write-only arguments and ephemeral results alone, and is in no state or plan.
package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Provider is the provider of one process. [Provider.Close] ends the signers
// that it opened.
type Provider struct {
	version string

	mu       sync.Mutex
	sessions []*session
}

var (
	_ provider.Provider                       = (*Provider)(nil)
	_ provider.ProviderWithEphemeralResources = (*Provider)(nil)
	_ provider.ProviderWithFunctions          = (*Provider)(nil)
)

// New makes the provider of a release.
func New(version string) *Provider { return &Provider{version: version} }

// Close ends what the provider opened and wipes the keys that it read.
func (p *Provider) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		s.close()
	}
	p.sessions = nil
}

// Metadata names the provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "stillvault", p.version
}

// Schema describes the provider's configuration.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Policies and approvers of a [Stillvault](https://github.com/stillvault/stillvault) organisation as code.",
		Attributes:          settingsSchema(),
	}
}

// Configure reads the configuration. It does not connect, and opens no signer:
// both happen when something needs them.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var s settings
	resp.Diagnostics.Append(req.Config.Get(ctx, &s)...)
	if resp.Diagnostics.HasError() {
		return
	}
	opened := newSession(s, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	p.mu.Lock()
	p.sessions = append(p.sessions, opened)
	p.mu.Unlock()
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = opened, opened, opened
}

// Resources lists the kinds of resources.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newGroupResource,
		newPolicyResource,
		newSecretResource,
		newMountResource,
		newOrganizationResource,
		newApproverResource,
		newConsumerResource,
	}
}

// DataSources lists the kinds of data sources.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newSecretMetadata,
		newRosterData,
		newPolicyData,
		newStatusData,
	}
}

// EphemeralResources lists the kinds of ephemeral resources.
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		newEphemeralSecret,
	}
}

// Functions lists the functions.
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		newFingerprintFunction,
		newCoversFunction,
	}
}
