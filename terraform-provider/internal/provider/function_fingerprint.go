package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// fingerprintFunction spells an organisation's id for people.
type fingerprintFunction struct{}

var _ function.Function = fingerprintFunction{}

func newFingerprintFunction() function.Function { return fingerprintFunction{} }

// Metadata names the function.
func (fingerprintFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "fingerprint"
}

// Definition describes the function.
func (fingerprintFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "An organisation's id in words",
		MarkdownDescription: "The beginning of an organisation's id in eight words, as `stillvault org show` prints them and as a phone shows them before somebody joins: " +
			"to be compared by people who are handed an invitation.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "id", MarkdownDescription: "Id of an organisation, 64 hexadecimal digits, such as `stillvault_organization.this.id`."},
		},
		Return: function.StringReturn{},
	}
}

// Run spells the id.
func (fingerprintFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	id, err := envelope.ParseHash(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("an organisation's id is 64 hexadecimal digits, as `stillvault org show` prints them: %s", err))
		return
	}
	resp.Error = resp.Result.Set(ctx, roster.Words(id[:2*roster.FingerprintWords]))
}
