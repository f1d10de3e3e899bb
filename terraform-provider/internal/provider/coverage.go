package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/plugins/broker"
)

// coverageModel is how well a requirement stands the loss of people.
type coverageModel struct {
	Requirement types.String `tfsdk:"requirement"`
	M           types.Int64  `tfsdk:"m"`
	People      types.Int64  `tfsdk:"people"`
	Recoverable types.Int64  `tfsdk:"recoverable"`
	Meets       types.Bool   `tfsdk:"meets"`
}

func coverageSchema() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"requirement": schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the requirement."},
		"m":           schema.Int64Attribute{Computed: true, MarkdownDescription: "How many people it takes."},
		"people":      schema.Int64Attribute{Computed: true, MarkdownDescription: "How many there are."},
		"recoverable": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many of them have a recovery factor."},
		"meets":       schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it is met after as many losses as the policy expects."},
	}
}

func coverageOf(c broker.Coverage) coverageModel {
	return coverageModel{
		Requirement: types.StringValue(c.Requirement), M: types.Int64Value(int64(c.M)), People: types.Int64Value(int64(c.People)),
		Recoverable: types.Int64Value(int64(c.Recoverable)), Meets: types.BoolValue(c.Meets),
	}
}
