package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
)

// coversFunction says whether a policy's pattern matches a path.
type coversFunction struct{}

var _ function.Function = coversFunction{}

func newCoversFunction() function.Function { return coversFunction{} }

// Metadata names the function.
func (coversFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "policy_covers"
}

// Definition describes the function.
func (coversFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Whether a policy's pattern matches a path",
		MarkdownDescription: "Whether the pattern of a policy matches the path of a secret, for tests and preconditions. " +
			"Of several policies that do, the most specific alone is in force: the data source `stillvault_policy` says which, by `effective_for`. " +
			"A pattern or path that is none is an error.",
		Parameters: []function.Parameter{
			function.DynamicParameter{Name: "policy", MarkdownDescription: "A pattern, such as `prod/*`, or an object with a `path` that is one, such as `stillvault_policy.production`."},
			function.StringParameter{Name: "path", MarkdownDescription: "Path of a secret, such as `prod/db`."},
		},
		Return: function.BoolReturn{},
	}
}

// Run holds the path against the pattern.
func (coversFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var policy types.Dynamic
	var path string
	if resp.Error = req.Arguments.Get(ctx, &policy, &path); resp.Error != nil {
		return
	}
	pattern, ok := patternOf(policy.UnderlyingValue())
	if !ok {
		resp.Error = function.NewArgumentFuncError(0, "a policy is the text of a pattern, such as \"prod/*\", or an object with an attribute path that is one")
		return
	}
	if pattern.IsUnknown() {
		resp.Error = resp.Result.Set(ctx, types.BoolUnknown())
		return
	}
	if err := roster.CheckPattern(pattern.ValueString()); err != nil {
		resp.Error = function.NewArgumentFuncError(0, "the policy's pattern: "+err.Error())
		return
	}
	if err := roster.CheckPath(path); err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	covers, err := roster.Matches(pattern.ValueString(), path)
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, covers)
}

// patternOf is the pattern that a value is, or has for its path.
func patternOf(v attr.Value) (types.String, bool) {
	switch v := v.(type) {
	case types.String:
		return v, !v.IsNull()
	case types.Object:
		text, ok := v.Attributes()["path"].(types.String)
		return text, ok && !text.IsNull()
	case types.Map:
		text, ok := v.Elements()["path"].(types.String)
		return text, ok && !text.IsNull()
	default:
		return types.String{}, false
	}
}
