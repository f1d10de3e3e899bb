package provider

import (
	"bytes"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// keysOf are the keys of a JSON object: strings as they are, null as null, everything
// else as its JSON text.
func keysOf(object []byte) (map[string]attr.Value, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(object, &raw); err != nil {
		return nil, err
	}
	keys := make(map[string]attr.Value, len(raw))
	for key, value := range raw {
		switch value = bytes.TrimSpace(value); {
		case bytes.Equal(value, []byte("null")):
			keys[key] = types.StringNull()
		case value[0] == '"':
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, err
			}
			keys[key] = types.StringValue(text)
		default:
			keys[key] = types.StringValue(string(value))
		}
	}
	return keys, nil
}
