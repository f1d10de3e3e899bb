package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/plugins/broker"
)

// secretMetadata is what Vault knows of a secret without opening it.
type secretMetadata struct{ session *session }

var _ datasource.DataSourceWithConfigure = (*secretMetadata)(nil)

func newSecretMetadata() datasource.DataSource { return &secretMetadata{} }

type secretMetadataModel struct {
	Path     types.String         `tfsdk:"path"`
	SecretID types.String         `tfsdk:"secret_id"`
	Version  types.Int64          `tfsdk:"version"`
	Policy   types.String         `tfsdk:"policy"`
	Deleted  types.Bool           `tfsdk:"deleted"`
	Versions []secretVersionModel `tfsdk:"versions"`
	Coverage []coverageModel      `tfsdk:"coverage"`
}

type secretVersionModel struct {
	Version     types.Int64  `tfsdk:"version"`
	CreatedTime types.String `tfsdk:"created_time"`
	Author      types.String `tfsdk:"author"`
	Policy      types.String `tfsdk:"policy"`
	Header      types.String `tfsdk:"header"`
	Deleted     types.Bool   `tfsdk:"deleted"`
	Destroyed   types.Bool   `tfsdk:"destroyed"`
	Lost        types.Bool   `tfsdk:"lost"`
	Stale       types.Bool   `tfsdk:"stale"`
	Exposed     types.Bool   `tfsdk:"exposed"`
	Rotate      types.Bool   `tfsdk:"rotate"`
	Disbelieved types.Bool   `tfsdk:"disbelieved"`
}

// Metadata names the data source.
func (*secretMetadata) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret_metadata"
}

// Schema describes the data source.
func (*secretMetadata) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What Vault knows of a secret without opening it: its versions, who wrote them, and whether its people can still release it. Nobody is prompted. " +
			"It is Vault's word: nothing of it is verified, unlike what `stillvault_secret` manages and what the ephemeral resource opens.",
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{Required: true, MarkdownDescription: "Path below the mount, such as `prod/db`.", Validators: []validator.String{pathForm{}}},
			"secret_id": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Id of the secret; another one if the path was removed and begun anew.",
			},
			"version": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the latest version."},
			"policy":  schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the policy that covers the path now, empty if none does."},
			"deleted": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the latest version is deleted or destroyed."},
			"versions": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "All versions, the oldest first.", NestedObject: schema.NestedAttributeObject{Attributes: secretVersionSchema()},
			},
			"coverage": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "How well each requirement of the policy stands the loss of people.", NestedObject: schema.NestedAttributeObject{Attributes: coverageSchema()},
			},
		},
	}
}

func secretVersionSchema() map[string]schema.Attribute {
	text := func(about string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: about}
	}
	is := func(about string) schema.BoolAttribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: about}
	}
	return map[string]schema.Attribute{
		"version":      schema.Int64Attribute{Computed: true, MarkdownDescription: "Its number."},
		"created_time": text("When it was written, RFC 3339."),
		"author":       text("Name of the consumer that wrote it."),
		"policy":       text("Name of the policy that it was written under."),
		"header":       text("Hash of its signed header, 64 hexadecimal digits."),
		"deleted":      is("Whether it is deleted, which can be undone."),
		"destroyed":    is("Whether it is gone for good."),
		"lost":         is("Whether nobody can open it any more."),
		"stale":        is("Whether the policy asks for others than those who hold its shares."),
		"exposed":      is("Whether somebody held a share who may not any more: change the credential."),
		"rotate":       is("Whether break-glass was used for it: change the credential."),
		"disbelieved":  is("Whether its author's key is compromised, so that every reader refuses it."),
	}
}

// Configure takes over what the provider was configured with.
func (s *secretMetadata) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	s.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// Read asks Vault.
func (s *secretMetadata) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m secretMetadataModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	known, err := s.session.broker.ReadMetadata(ctx, m.Path.ValueString())
	if err != nil {
		detail := err.Error()
		if errors.Is(err, broker.ErrMissing) {
			detail += "; write the secret first, or correct the path"
		}
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read what is known of secret %q", m.Path.ValueString()), detail)
		return
	}
	if err := m.fill(known); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read what is known of secret %q", m.Path.ValueString()), err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *secretMetadataModel) fill(known *broker.Metadata) error {
	m.SecretID, m.Version = types.StringValue(known.Secret), types.Int64Value(int64(known.Current))
	m.Policy, m.Deleted = types.StringValue(known.Policy), types.BoolValue(gone(known))
	m.Versions, m.Coverage = []secretVersionModel{}, []coverageModel{}
	for number, v := range known.Versions {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return fmt.Errorf("version %.20q is no number: is this a Stillvault mount?", number)
		}
		m.Versions = append(m.Versions, secretVersionModel{
			Version: types.Int64Value(n), CreatedTime: timeText(v.Created), Author: types.StringValue(v.Author),
			Policy: types.StringValue(v.Policy), Header: types.StringValue(v.Header),
			Deleted: types.BoolValue(v.Deletion != ""), Destroyed: types.BoolValue(v.Destroyed),
			Lost: types.BoolValue(v.Lost), Stale: types.BoolValue(v.Stale), Exposed: types.BoolValue(v.Exposed),
			Rotate: types.BoolValue(v.Rotate), Disbelieved: types.BoolValue(v.Disbelieved),
		})
	}
	slices.SortFunc(m.Versions, func(a, b secretVersionModel) int { return int(a.Version.ValueInt64() - b.Version.ValueInt64()) })
	for _, c := range known.Coverage {
		m.Coverage = append(m.Coverage, coverageOf(c))
	}
	return nil
}
