package provider

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// warnOfKeys warns where an approver has other keys or devices than the state had:
// none of that is configured, so no plan would show it. A state that had no keys, as of
// somebody who was imported a moment ago, has nothing to compare with.
func (m *approverModel) warnOfKeys(was *approverModel, mount string, diags *diag.Diagnostics) {
	if was.SigningKey.IsNull() {
		return
	}
	var changes []string
	if !m.SigningKey.Equal(was.SigningKey) || !m.Generation.Equal(was.Generation) {
		changes = append(changes, fmt.Sprintf("their keys were replaced (generation %d, and %d before)", m.Generation.ValueInt64(), was.Generation.ValueInt64()))
	}
	if came := devicesBeside(m.Devices, was.Devices); came != "" {
		changes = append(changes, "new: "+came)
	}
	if went := devicesBeside(was.Devices, m.Devices); went != "" {
		changes = append(changes, "gone: "+went)
	}
	if len(changes) == 0 {
		return
	}
	diags.AddWarning(fmt.Sprintf("Approver %q has other keys or devices than before", m.Name.ValueString()), fmt.Sprintf(
		"Since Terraform's state was written: %s. Ask them whether that is theirs: whoever has keys or a device that was admitted in their name approves in it. If it is not, run `%s`.",
		strings.Join(changes, "; "), onMount(mount, "stillvault", "approver", "revoke", m.Name.ValueString())))
}

// devicesBeside are the devices in a list that are not in another one, for people.
func devicesBeside(in, others types.List) string {
	var names []string
	for _, d := range in.Elements() {
		if slices.ContainsFunc(others.Elements(), d.Equal) {
			continue
		}
		if device, ok := d.(types.Object); ok {
			name, _ := device.Attributes()["name"].(types.String)
			kind, _ := device.Attributes()["kind"].(types.String)
			names = append(names, fmt.Sprintf("device %q (%s)", name.ValueString(), kind.ValueString()))
		}
	}
	return strings.Join(names, ", ")
}
