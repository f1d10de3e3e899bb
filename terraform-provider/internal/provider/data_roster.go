package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// rosterData is who and what the organisation has admitted.
type rosterData struct{ session *session }

var _ datasource.DataSourceWithConfigure = (*rosterData)(nil)

func newRosterData() datasource.DataSource { return &rosterData{} }

type rosterModel struct {
	Organization types.String            `tfsdk:"organization"`
	Words        types.String            `tfsdk:"words"`
	IdentityKey  types.String            `tfsdk:"identity_key"`
	Head         types.String            `tfsdk:"head"`
	Expires      types.String            `tfsdk:"expires"`
	Approvers    map[string]personModel  `tfsdk:"approvers"`
	Groups       map[string]membersModel `tfsdk:"groups"`
	Policies     map[string]patternModel `tfsdk:"policies"`
	Consumers    map[string]readerModel  `tfsdk:"consumers"`
}

type personModel struct {
	ID         types.String   `tfsdk:"id"`
	Entities   []string       `tfsdk:"entities"`
	SigningKey types.String   `tfsdk:"signing_key"`
	Generation types.Int64    `tfsdk:"generation"`
	Factors    []string       `tfsdk:"factors"`
	Recovery   types.Bool     `tfsdk:"recovery"`
	Devices    []handsetModel `tfsdk:"devices"`
}

type handsetModel struct {
	ID     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Factor types.String `tfsdk:"factor"`
}

type membersModel struct {
	ID        types.String `tfsdk:"id"`
	Approvers []string     `tfsdk:"approvers"`
	Groups    []string     `tfsdk:"groups"`
}

type patternModel struct {
	ID   types.String `tfsdk:"id"`
	Path types.String `tfsdk:"path"`
}

type readerModel struct {
	ID         types.String `tfsdk:"id"`
	Kind       types.String `tfsdk:"kind"`
	SigningKey types.String `tfsdk:"signing_key"`
	MountID    types.String `tfsdk:"mount_id"`
}

// Metadata names the data source.
func (*rosterData) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_roster"
}

// Schema describes the data source.
func (*rosterData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Who and what the organisation has admitted, and its rules, as its log says and this provider has verified. All are by name, so that " +
			"`data.stillvault_roster.this.approvers[\"alice\"].id` is what policies and groups want. Nothing in it is secret.",
		Attributes: map[string]schema.Attribute{
			"organization": readText("Id of the organisation: the hash of its log's first statement."),
			"words":        readText("The id in eight words, as phones show it before somebody joins."),
			"identity_key": readText("Public half of the Org Identity key in force."),
			"head":         readText("The log's last statement, `SEQ:HASH`: what the provider's `minimum_head` wants."),
			"expires":      readText("When the last checkpoint expires, RFC 3339; empty without checkpoints."),
			"approvers": readByName("The approvers in force, by name.", map[string]schema.Attribute{
				"id":          readText("Id of the approver, for life."),
				"entities":    readTexts("Ids of the Vault entities that are the same person."),
				"signing_key": readText("Public half of the key that signs their decisions."),
				"generation":  readNumber("Which of their keyrings is in force, from 1."),
				"factors":     readTexts("Kinds of what opens their keyring."),
				"recovery":    readFlag("Whether they can recover from the loss of every device."),
				"devices": readEach("Their devices in force.", map[string]schema.Attribute{
					"id": readText("Id of the device."), "name": readText("Its name."), "factor": readText("Kind of what opens the keyring on it."),
				}),
			}),
			"groups": readByName("The groups, by name.", map[string]schema.Attribute{
				"id": readText("Id of the group."), "approvers": readTexts("Ids of the approvers in it."), "groups": readTexts("Ids of the groups in it."),
			}),
			"policies": readByName("The policies, by name.", map[string]schema.Attribute{
				"id": readText("Id of the policy."), "path": readText("Pattern of the paths that it is for."),
			}),
			"consumers": readByName("The consumers in force, by name.", map[string]schema.Attribute{
				"id": readText("Id of the consumer."), "kind": readText("`host`, `ci`, `terraform` or `mount`."),
				"signing_key": readText("Public half of its key."), "mount_id": readText("Id of the mount, where it is one; else empty."),
			}),
		},
	}
}

// Configure takes over what the provider was configured with.
func (d *rosterData) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

// Read shows the roster.
func (d *rosterData) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m rosterModel
	err := d.session.view(ctx, func(r *roster.Roster) error { m.show(r); return nil })
	if err != nil {
		resp.Diagnostics.AddError("Cannot read the roster", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *rosterModel) show(r *roster.Roster) {
	organisation, head := r.Organisation(), r.Head()
	*m = rosterModel{
		Organization: types.StringValue(organisation.String()), Words: types.StringValue(roster.Words(organisation[:2*roster.FingerprintWords])),
		IdentityKey: types.StringValue(r.Identity().String()), Head: types.StringValue(headText(head)), Expires: types.StringValue(expiry(r)),
		Approvers: map[string]personModel{}, Groups: map[string]membersModel{}, Policies: map[string]patternModel{}, Consumers: map[string]readerModel{},
	}
	for _, a := range r.Approvers() {
		m.Approvers[a.Name] = person(r, a)
	}
	for _, g := range r.Groups() {
		approvers, groups := apart(g.Members)
		m.Groups[g.Name] = membersModel{types.StringValue(g.ID.String()), idTexts(approvers), idTexts(groups)}
	}
	for _, p := range r.Policies() {
		m.Policies[p.Name] = patternModel{types.StringValue(p.ID.String()), types.StringValue(p.Pattern)}
	}
	for _, c := range r.Consumers() {
		mount := ""
		if !c.Mount.IsZero() {
			mount = c.Mount.String()
		}
		m.Consumers[c.Name] = readerModel{types.StringValue(c.ID.String()), types.StringValue(string(c.Kind)), types.StringValue(c.Signing.String()), types.StringValue(mount)}
	}
}

func person(r *roster.Roster, a *roster.Approver) personModel {
	m := personModel{
		ID: types.StringValue(a.ID.String()), Entities: append([]string{}, a.Entities...), SigningKey: types.StringValue(a.Signing.String()),
		Generation: types.Int64Value(int64(a.Generation)), Factors: factorTexts(a.Factors), Recovery: types.BoolValue(a.Recovery), Devices: []handsetModel{},
	}
	for _, d := range r.Devices(a.ID) {
		m.Devices = append(m.Devices, handsetModel{types.StringValue(d.Device.String()), types.StringValue(d.Name), types.StringValue(string(d.Kind))})
	}
	return m
}

// headText writes a head as parseHead reads it.
func headText(head roster.Head) string { return fmt.Sprintf("%d:%s", head.Seq, head.Hash) }

func idTexts(ids []envelope.ID) []string {
	texts := []string{}
	for _, id := range ids {
		texts = append(texts, id.String())
	}
	return texts
}
