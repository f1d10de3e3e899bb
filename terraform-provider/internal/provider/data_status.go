package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

// statusData is the broker's account of itself.
type statusData struct{ session *session }

var _ datasource.DataSourceWithConfigure = (*statusData)(nil)

func newStatusData() datasource.DataSource { return &statusData{} }

type statusModel struct {
	Version      types.String     `tfsdk:"version"`
	Organization types.String     `tfsdk:"organization"`
	Head         types.String     `tfsdk:"head"`
	Verified     types.Bool       `tfsdk:"verified"`
	Expires      types.String     `tfsdk:"expires"`
	Drain        types.Bool       `tfsdk:"drain"`
	Secrets      types.Int64      `tfsdk:"secrets"`
	Requests     types.Int64      `tfsdk:"pending_requests"`
	Alarms       types.Int64      `tfsdk:"alarms"`
	Reports      types.Int64      `tfsdk:"reports"`
	Lost         []string         `tfsdk:"lost"`
	OneDevice    []string         `tfsdk:"one_device"`
	Uncovered    []string         `tfsdk:"uncovered"`
	Stale        []string         `tfsdk:"stale"`
	Exposed      []string         `tfsdk:"exposed"`
	Disbelieved  []string         `tfsdk:"disbelieved"`
	Rotate       []string         `tfsdk:"rotate"`
	Suspected    []string         `tfsdk:"suspected"`
	Counts       map[string]int64 `tfsdk:"counts"`
	Resharing    map[string]int64 `tfsdk:"resharing"`
	Unproven     types.Int64      `tfsdk:"unproven"`
	Problems     []string         `tfsdk:"problems"`
}

// Metadata names the data source.
func (*statusData) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_status"
}

// Schema describes the data source.
func (*statusData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	counts := func(about string) schema.MapAttribute {
		return schema.MapAttribute{Computed: true, ElementType: types.Int64Type, MarkdownDescription: about}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "How the mount is, and which secrets need somebody's attention, for a `check` block or a precondition. " +
			"It is Vault's word, but for `verified`: a log that was rolled back, or is another organisation's, is an error. Each list of paths ends at 100; `counts` has their whole lengths.",
		Attributes: map[string]schema.Attribute{
			"version":          readText("Version of the engine."),
			"organization":     readText("Id of the organisation that the mount is pinned to; empty before that."),
			"head":             readText("Last statement of the mount's log, `SEQ:HASH`; empty without a log."),
			"verified":         readFlag("Whether that log was verified here. False only where there is none yet."),
			"expires":          readText("When the last checkpoint expires, RFC 3339; empty without checkpoints."),
			"drain":            readFlag("Whether the mount is being drained: waiting calls return at once."),
			"secrets":          readNumber("How many secrets there are."),
			"pending_requests": readNumber("How many requests wait for people."),
			"alarms":           readNumber("How many alarms nobody has acknowledged."),
			"reports":          readNumber("How many reports of devices nobody has acknowledged."),
			"lost":             readTexts("Paths of which nobody can open a version any more."),
			"one_device":       readTexts("Paths of which losing one device would lose a version."),
			"uncovered":        readTexts("Paths of which losing too few people would."),
			"stale":            readTexts("Paths whose policy names others than those who hold shares."),
			"exposed":          readTexts("Paths of which somebody held a share who may not any more: change the credential."),
			"disbelieved":      readTexts("Paths whose author's key is compromised, so that every reader refuses them."),
			"rotate":           readTexts("Paths that break-glass was used for: change the credential."),
			"suspected":        readTexts("Paths of which a host says that a dealer lied."),
			"counts":           counts("The whole lengths of the lists of paths, by the list's name; `suspected` has none."),
			"resharing":        counts("How many versions wait for being shared anew, by policy."),
			"unproven":         readNumber("How many were shared anew and still keep the shares from before."),
			"problems":         readTexts("What is wrong, in words: each begins with a name, or says what the lists have. `mount_not_admitted` is there until the mount is a consumer (`stillvault_consumer` of kind `mount`), which it has to be also where no policy names it: it asks the people who re-share."),
		},
	}
}

// Configure takes over what the provider was configured with.
func (d *statusData) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// Read asks Vault, and verifies its log.
func (d *statusData) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	s, err := d.session.broker.ReadStatus(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Cannot read the mount's status", err.Error())
		return
	}
	m := statusOf(s)
	if head, ok := s.Head(); ok {
		m.Head = types.StringValue(headText(head))
		if err := d.session.log.Sync(ctx); err != nil {
			resp.Diagnostics.AddError("Cannot verify the mount's log", err.Error())
			return
		}
		// The log may have gone on since the mount answered, so that its head is now
		// one that was passed; one that was never there is another log's.
		if err := d.session.view(ctx, func(r *roster.Roster) error { return r.Follows(head) }); err != nil {
			resp.Diagnostics.AddError("Cannot verify the mount's log", err.Error())
			return
		}
		m.Verified = types.BoolValue(true)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func statusOf(s *broker.Status) statusModel {
	return statusModel{
		Version: types.StringValue(s.Version), Organization: types.StringValue(s.Organisation), Head: types.StringValue(""),
		Verified: types.BoolValue(false), Expires: types.StringValue(s.HeadExpires), Drain: types.BoolValue(s.Drain),
		Secrets: types.Int64Value(int64(s.Secrets)), Requests: types.Int64Value(int64(s.PendingRequests)),
		Alarms: types.Int64Value(int64(s.Alarms)), Reports: types.Int64Value(int64(s.Reports)),
		Lost: all(s.Lost), OneDevice: all(s.OneDevice), Uncovered: all(s.Uncovered), Stale: all(s.Stale), Exposed: all(s.Exposed),
		Disbelieved: all(s.Disbelieved), Rotate: all(s.Rotate), Suspected: all(s.Suspected), Problems: all(s.Problems),
		Counts: map[string]int64{
			"lost": int64(s.LostCount), "one_device": int64(s.OneDeviceCount), "uncovered": int64(s.UncoveredCount), "stale": int64(s.StaleCount),
			"exposed": int64(s.ExposedCount), "disbelieved": int64(s.DisbelievedCount), "rotate": int64(s.RotateCount),
		},
		Resharing: versionsOf(s.Resharing), Unproven: types.Int64Value(int64(s.Unproven)),
	}
}

// all is a list that is never null.
func all(texts []string) []string { return append([]string{}, texts...) }

func versionsOf(by map[string]int) map[string]int64 {
	counts := map[string]int64{}
	for policy, n := range by {
		counts[policy] = int64(n)
	}
	return counts
}

// expiry is when a roster's last checkpoint expires, "" without one.
func expiry(r *roster.Roster) string {
	if r.Expires() == 0 {
		return ""
	}
	return r.Expires().Time().Format(time.RFC3339)
}
