package provider

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/policytext"
)

// maxPeople is more than there can be: the roster counts in 32 bits.
const maxPeople = 1<<32 - 1

func policySchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A policy: who may release the secrets whose paths its pattern matches, and to which consumers. " +
			"Segment by segment, a literal beats `+` (one segment), which beats a trailing `*` (one or more); the most specific policy alone is in force for a path. " +
			"One that somebody adds beside this, `prod/db` beside `prod/*`, takes its paths away, and no plan shows that: a `check` does, as in the example. " +
			"All requirements must be met, and a person counts for one only.\n\n" +
			"A change after which secrets would have no policy, or too few people, is refused and names them; what it leaves to be shared anew waits for those who hold shares now. " +
			"So is the end of a policy. To move paths from one policy to another, have the other one match them first.",
		Attributes: policyAttributes(),
		Blocks: map[string]schema.Block{
			"requirement": schema.ListNestedBlock{
				MarkdownDescription: fmt.Sprintf("That many distinct people of those. 1 to %d; all must be met.", roster.MaxRequirements),
				NestedObject: schema.NestedBlockObject{Attributes: requirementAttributes(schema.Int64Attribute{
					Required: true, MarkdownDescription: "How many people must say yes.", Validators: []validator.Int64{int64validator.Between(1, maxPeople)},
				})},
			},
			"break_glass": schema.SingleNestedBlock{
				MarkdownDescription: "Another way in, for the hour at which the others cannot be reached: people who each have a recovery factor. " +
					"Using it needs a reason, every approver is told, and the secret is to be rotated.",
				// The framework would want a required one also where there is no block.
				Attributes: requirementAttributes(schema.Int64Attribute{
					Optional: true, MarkdownDescription: fmt.Sprintf("How many people it takes, at least %d. Required.", roster.MinBreakGlass),
					Validators: []validator.Int64{int64validator.AtMost(maxPeople)},
				}),
			},
		},
	}
}

func policyAttributes() map[string]schema.Attribute {
	var factors []string
	for _, kind := range keyring.FactorKinds() {
		factors = append(factors, string(kind))
	}
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Id of the policy, for life; it stays when the policy is renamed.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"name": schema.StringAttribute{
			Required: true, MarkdownDescription: "Name, unique among policies.", Validators: []validator.String{nameForm{}},
		},
		"path": schema.StringAttribute{
			Required: true, MarkdownDescription: "Pattern of the paths that the policy is for, such as `prod/*` or `+/db`. No two policies have the same.",
			Validators: []validator.String{patternForm{}},
		},
		"authors":   optionalIDs("Ids of the consumers that may write. Without any, nobody can."),
		"consumers": optionalIDs("Ids of the consumers that may receive what is released. Without any, nobody can read. A mount, through which plaintext passes, is one only where it is named."),
		"refused_factors": schema.SetAttribute{
			ElementType: types.StringType, Optional: true, Computed: true, Default: setdefault.StaticValue(textSet(nil)),
			MarkdownDescription: "People whose keyring opens with one of these do not count: `" + strings.Join(factors, "`, `") + "`. None by default. Does not apply to `break_glass`.",
			Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf(factors...))},
		},
		"lease_ttl":     durationAttribute("How long a release holds, from the approval.", roster.DefaultLeaseTTL),
		"lease_max":     durationAttribute("The longest lease that a requester may ask for, at most 30 days.", roster.DefaultLeaseMax),
		"request_ttl":   durationAttribute("How long a request may wait for its people, at most a day.", roster.DefaultRequestTTL),
		"self_approval": flagAttribute("Let people approve what they asked for themselves."),
		"minimum_coverage": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(roster.DefaultMinimumCoverage),
			MarkdownDescription: fmt.Sprintf("How many people each requirement may lose and still be met; one whose people all have a recovery factor may have fewer. Default %d.", roster.DefaultMinimumCoverage),
			Validators:          []validator.Int64{int64validator.Between(0, maxPeople)},
		},
		"match_code":    flagAttribute("Approvers must type the code that the requester sees."),
		"consent_first": flagAttribute("Shares are released only after enough people consented."),
	}
}

func requirementAttributes(m schema.Int64Attribute) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{nameForm{}},
			MarkdownDescription: "Name, which approvers are shown, unique in the policy. May be left out where one group or one person is named: then it is what that was called when the policy was made.",
		},
		"m":         m,
		"approvers": optionalIDs("Ids of approvers who count."),
		"groups":    optionalIDs("Ids of groups whose members count, at any depth."),
	}
}

func durationAttribute(about string, standard time.Duration) schema.StringAttribute {
	text := policytext.Duration(uint32(standard / time.Second))
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(text),
		MarkdownDescription: about + " A duration such as `90s`, `15m` or `1h`; `60m` and `1h` are the same. Default `" + text + "`.",
		Validators:          []validator.String{durationForm{}},
		PlanModifiers:       []planmodifier.String{sameDuration{}},
	}
}

func flagAttribute(about string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: about + " Default `false`."}
}
