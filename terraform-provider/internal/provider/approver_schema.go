package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const aboutApprovers = "A person who may approve, with a keyring that only their own factors open.\n\n" +
	"It takes two applies. The first notes who is to enrol: `status` is `pending`, `id` is null, and `enroll_command` is the line to run on the signer's machine. " +
	"It makes a one-time ticket, which never passes through Terraform, its state or Vault; hand it to the person alone. Their phone or terminal answers it and shows eight words. " +
	"Set `fingerprint` to the words that they read out to you from their own screen, and apply again: the device that answered is looked for, and admitted if the words are its own. " +
	"Vault can neither make up such a device nor put another in its place.\n\n" +
	"Who was admitted meanwhile by `stillvault approver admit` is taken over as they are. Further devices, and new keys after a leak, are admitted by that command, too, and show up in `devices` and `generation`; the plan that sees them first warns of them."

// Schema describes the resource.
func (a *approverResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	text := func(about string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: about}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: aboutApprovers,
		Attributes: map[string]schema.Attribute{
			"id": text("Id of the approver, for life; null while they are pending."),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name, unique among approvers. A changed one renames them; their ticket is for the name that they were invited by.",
				Validators: []validator.String{nameForm{}},
			},
			"entities": schema.SetAttribute{
				Required: true, ElementType: types.StringType,
				MarkdownDescription: "Ids of all Vault identity entities that are the same person, who so may not approve what they ask for themselves. `[]` says on purpose that they cannot log in to this Vault.",
				Validators:          []validator.Set{setvalidator.ValueStringsAre(entityForm{})},
			},
			"fingerprint": schema.StringAttribute{
				Optional: true, MarkdownDescription: "The eight words that the person reads out from the device that answered their ticket. Case, and what separates them, do not matter.",
				Validators: []validator.String{fingerprintForm{}}, PlanModifiers: []planmodifier.String{fingerprintForm{}},
			},
			"status":         text("`pending` or `admitted`."),
			"enroll_command": text("The command that makes the ticket for a pending approver, to be run where the organisation's signer is; null once they are admitted."),
			"signing_key":    text("Public half of the key that signs for the keyring."),
			"generation":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the keyring, from 1: it rises when the keys are replaced after a leak."},
			"factors":        schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Kinds of factors that open the keyring."},
			"recovery":       schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the keyring survives the loss of every device."},
			"devices": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Devices in force.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id": text("Id of the device."), "name": text("Name of the device."), "kind": text("Kind of factor that opens the keyring there."),
				}},
			},
		},
	}
}
