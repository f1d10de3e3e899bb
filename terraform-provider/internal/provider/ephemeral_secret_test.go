package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestKeysAreStringsOrTheirJSONText(t *testing.T) {
	got, err := keysOf([]byte(` {"a":"x\u003cy","n":9007199254740993,"f":1.50,"l":[1, "2"],"o":{"k" : null},"b":true,"z":null,"":"empty"} `))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]attr.Value{
		"a": types.StringValue("x<y"), "n": types.StringValue("9007199254740993"), "f": types.StringValue("1.50"),
		"l": types.StringValue(`[1, "2"]`), "o": types.StringValue(`{"k" : null}`), "b": types.StringValue("true"),
		"z": types.StringNull(), "": types.StringValue("empty"),
	}
	if len(got) != len(want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
	for key, value := range want {
		if !value.Equal(got[key]) {
			t.Errorf("%q is not what it should be", key)
		}
	}
}

func TestALongReasonIsCutBetweenCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "abc", "abcd": "abcd", "abcde": "abcd", "abcü": "abc", "äüöß": "äü", strings.Repeat("€", 3): "€",
	} {
		if got := shortened(text, 4); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
