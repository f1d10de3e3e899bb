package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/plugins/consumer"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// ephemeralSecret is a secret that is read for one run: its people are asked each time
// it is opened, and nothing of it is kept.
type ephemeralSecret struct{ session *session }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*ephemeralSecret)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*ephemeralSecret)(nil)
)

func newEphemeralSecret() ephemeral.EphemeralResource { return &ephemeralSecret{} }

type ephemeralSecretModel struct {
	Path           types.String `tfsdk:"path"`
	Version        types.Int64  `tfsdk:"version"`
	MinimumVersion types.Int64  `tfsdk:"minimum_version"`
	Reason         types.String `tfsdk:"reason"`
	Lease          types.String `tfsdk:"lease"`
	Wait           types.String `tfsdk:"wait"`
	Value          types.String `tfsdk:"value"`
	Data           types.Map    `tfsdk:"data"`
	RequestID      types.String `tfsdk:"request_id"`
}

// Metadata names the ephemeral resource.
func (*ephemeralSecret) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

// Schema describes the ephemeral resource.
func (*ephemeralSecret) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	duration := func(about string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: about, Validators: []validator.String{durationForm{}}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A secret, read end to end for this run. Opening it asks the approvers whom the policy of its path names, and blocks until they decided. " +
			"They seal it to a key that is made for this one request: neither Vault, nor the state, nor a plan sees it. The provider's consumer key must be among the policy's consumers.",
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{
				Required: true, MarkdownDescription: "Path below the mount, such as `prod/db`.", Validators: []validator.String{pathForm{}},
			},
			"version": schema.Int64Attribute{
				Optional: true, Computed: true, MarkdownDescription: "Version to read. Default the latest; then it is the one that was read.",
			},
			"minimum_version": schema.Int64Attribute{
				Optional: true, MarkdownDescription: "Oldest version that is accepted. Without a state directory nothing remembers which version was the latest on an earlier run; this does. An older one is refused, and nobody is asked.",
			},
			"reason": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Why it is needed, shown to the approvers: say which pipeline and which change. Default `terraform: read PATH`.",
			},
			"lease": duration("How long the value is needed, such as `10m`; at most what the policy allows, which is also the default."),
			"wait":  duration("Give up when nobody has decided after this long, such as `2m`. Default, and most, is what the policy gives a request."),
			"value": schema.StringAttribute{
				Computed: true, Sensitive: true, MarkdownDescription: "The value as it was written: a JSON object, byte for byte.",
			},
			"data": schema.MapAttribute{
				Computed: true, Sensitive: true, ElementType: types.StringType,
				MarkdownDescription: "The value's keys. Strings are as they are, everything else is its JSON text.",
			},
			"request_id": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Id of the request, which the receipts name.",
			},
		},
	}
}

// Configure takes over what the provider was configured with.
func (e *ephemeralSecret) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig refuses a reason that approvers could not be shown as it is.
func (*ephemeralSecret) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var m ephemeralSecretModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	if reason := m.Reason.ValueString(); len(reason) > approval.MaxReason || !approval.Printable(reason) {
		resp.Diagnostics.AddAttributeError(path.Root("reason"), fmt.Sprintf("Not a reason to read %q", m.Path.ValueString()),
			fmt.Sprintf("reason_invalid: approvers are shown it as it is, so it has at most %d bytes on one line, without control characters or marks that change how text is shown", approval.MaxReason))
	}
	for at, n := range map[string]types.Int64{"version": m.Version, "minimum_version": m.MinimumVersion} {
		if !n.IsNull() && !n.IsUnknown() && n.ValueInt64() < 1 {
			resp.Diagnostics.AddAttributeError(path.Root(at), "Not a version", "Versions count from 1; leave it out for the latest.")
		}
	}
}

// Open asks, waits, and opens what the approvers released. When the run is
// interrupted, the request is cancelled.
func (e *ephemeralSecret) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m ephemeralSecretModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	o := &opening{session: e.session, path: m.Path.ValueString()}
	got, err := o.open(ctx, &m)
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot open secret %q", o.path), o.explain(ctx, err))
		return
	}
	defer got.Value.Wipe()
	m.Version, m.RequestID = types.Int64Value(int64(got.Version)), types.StringValue(got.Request.String())
	m.Value = types.StringValue(string(got.Value.JSON()))
	m.Data = dataOf(got.Value.JSON(), &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}

// opening is one open of a secret, and what is known of it for whoever is told of its
// failure.
type opening struct {
	session *session
	path    string
	asked   *consumer.Request // nil while nobody was asked
}

func (o *opening) open(ctx context.Context, m *ephemeralSecretModel) (*consumer.Received, error) {
	terms, err := o.terms(m)
	if err != nil {
		return nil, err
	}
	key, err := o.session.consumerKey()
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	h, err := o.session.host(ctx, key)
	if err != nil {
		return nil, err
	}
	if terms.Origin, err = consumer.Origin(ctx, o.session.broker.Vault()); err != nil {
		return nil, err
	}
	return h.Get(ctx, consumer.Ask{
		Path: o.path, Version: uint64(m.Version.ValueInt64()), AtLeast: uint64(m.MinimumVersion.ValueInt64()), Terms: terms,
		Asked: func(r consumer.Request) {
			o.asked = &r
			tflog.Info(ctx, "waiting for approval", map[string]any{
				"path": o.path, "version": r.Version, "request": r.ID.String(), "match_code": r.MatchCode,
				"deadline": r.Deadline.Format(time.RFC3339), "approvers": o.session.approversOf(ctx, o.path),
			})
		},
		Progress: func(string, time.Time) {
			tflog.Info(ctx, "still waiting for approval", map[string]any{"path": o.path})
		},
	})
}

func (o *opening) terms(m *ephemeralSecretModel) (approval.Terms, error) {
	t := approval.Terms{Reason: m.Reason.ValueString()}
	if t.Reason == "" {
		t.Reason = shortened("terraform: read "+o.path, approval.MaxReason)
	}
	for _, d := range []struct {
		text types.String
		to   *time.Duration
	}{{m.Lease, &t.Lease}, {m.Wait, &t.Wait}} {
		if d.text.IsNull() {
			continue
		}
		seconds, err := policytext.Seconds(d.text.ValueString())
		if err != nil {
			return t, err
		}
		*d.to = time.Duration(seconds) * time.Second
	}
	return t, nil
}

// shortened is a text that is at most so many bytes long, without half a character at
// its end.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xC0 == 0x80 {
		most--
	}
	return text[:most]
}

// dataOf takes a value apart, without its parser's words, which might quote it.
func dataOf(value []byte, diags *diag.Diagnostics) types.Map {
	data, err := keysOf(value)
	if err != nil {
		diags.AddAttributeError(path.Root("data"), "Cannot take the value apart", "It is no JSON object with keys of their own; use `value`.")
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, data)
}
