package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/stillvault/stillvault/core/roster"
)

// wordForm is a word as [roster.Words] spells 16 bits.
var wordForm = regexp.MustCompile(`^[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]$`)

// heard is a fingerprint in the one way to write it.
func heard(text string) string { return strings.Join(roster.SplitWords(text), " ") }

// fingerprintForm checks fingerprints, which people write down as they like.
type fingerprintForm struct{}

var (
	_ validator.String    = fingerprintForm{}
	_ planmodifier.String = fingerprintForm{}
)

// Description says what a fingerprint looks like.
func (fingerprintForm) Description(context.Context) string {
	return "the eight words that the device shows, such as \"lusab babad …\""
}

// MarkdownDescription says what a fingerprint looks like.
func (f fingerprintForm) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

// ValidateString refuses what is no fingerprint.
func (fingerprintForm) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	words := roster.SplitWords(req.ConfigValue.ValueString())
	if len(words) != roster.FingerprintWords {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a fingerprint", fmt.Sprintf("A fingerprint has %d words, and this has %d: write down all that the person reads out from their device.", roster.FingerprintWords, len(words)))
		return
	}
	for i, word := range words {
		if !wordForm.MatchString(word) {
			resp.Diagnostics.AddAttributeError(req.Path, "Not a fingerprint", fmt.Sprintf("Word %d, %q, is none that a device shows: five letters, consonant and vowel in turn. Have the person spell it.", i+1, word))
		}
	}
}

// PlanModifyString keeps the words as they were written down first: case, and what
// separates them, do not matter.
func (fingerprintForm) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if heard(req.PlanValue.ValueString()) == heard(req.StateValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}
