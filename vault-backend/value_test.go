package backend

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestValuesAreKeptAsJSON(t *testing.T) {
	for _, text := range []string{
		`{"a":"b"}`,
		`{"path":"x","lease":{"a":[1,2.5,-3,true,false,null]}}`,
		`{"empty":{},"list":[],"text":""}`,
		`{"quote":"\"\\","control":"\u0000\u001f\n","unicode":"é 漢 😀 \u2028"}`,
		`{"big":9007199254740991,"small":1e-300,"neg":-0.5,"exp":1000}`,
		`{"":1}`,
	} {
		var data map[string]any
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			t.Fatal(err)
		}
		got, err := valueOf(data)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var back map[string]any
		if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, data) {
			t.Errorf("%s became %s (%v)", text, got, err)
		}
		if len(got) != cap(got) {
			t.Errorf("%s: buffer of %d for %d bytes: it was grown, and left a copy behind", text, cap(got), len(got))
		}
	}
}

func TestCasIsNotStored(t *testing.T) {
	got, err := valueOf(map[string]any{"cas": 1, "k": "v"})
	if err != nil || string(got) != `{"k":"v"}` {
		t.Fatalf("%s, %v", got, err)
	}
}

func TestInexactNumbersAreRefused(t *testing.T) {
	for _, c := range []struct {
		n     any
		exact bool
	}{
		{float64(0), true}, {float64(-17), true}, {0.1, true}, {1e15, true}, {float64(maxExact - 1), true}, {123456.789, true},
		{1e-7, true}, {0.3333333333333333, false}, {float64(maxExact), false}, {-1e300, false}, {math.Inf(1), false}, {math.NaN(), false},
		{math.Pi, false}, {1234567890.12345678, false},
		{json.Number("0.1"), true}, {json.Number("1e3"), true}, {json.Number("-0"), true}, {json.Number("9007199254740991"), true},
		{json.Number("9007199254740993"), false}, {json.Number("0.1000000000000000055"), false}, {json.Number("1e999"), false},
	} {
		_, err := valueOf(map[string]any{"n": c.n})
		if (err == nil) != c.exact || err != nil && !errors.Is(err, errInexact) {
			t.Errorf("%v: %v, want exact %v", c.n, err, c.exact)
		}
	}
}

func TestValuesThatCannotBeStoredAreRefused(t *testing.T) {
	deep := map[string]any{"k": "v"}
	for range 600 {
		deep = map[string]any{"k": deep}
	}
	for name, c := range map[string]struct {
		data map[string]any
		want error
	}{
		"nothing":       {map[string]any{}, errEmpty},
		"only cas":      {map[string]any{"cas": 1}, errEmpty},
		"too large":     {map[string]any{"k": strings.Repeat("x", 512<<10)}, errTooLarge},
		"too deep":      {deep, errInput},
		"no JSON value": {map[string]any{"k": struct{}{}}, errInput},
	} {
		if _, err := valueOf(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// FuzzValue reads whatever JSON there is, as Vault's plug-in interface would,
// and expects back the same value.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{`{"a":"b"}`, `{"n":0.1,"l":[null,true,{"x":"\ud83d\ude00"}]}`, `{"\u0000":"\u2028\\\""}`, `{"n":9007199254740993}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var data, back map[string]any
		if json.Unmarshal([]byte(text), &data) != nil {
			return
		}
		want := map[string]any{}
		for k, v := range data {
			if k != "cas" {
				want[k] = v
			}
		}
		got, err := valueOf(data)
		if err != nil {
			return
		}
		if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, want) {
			t.Fatalf("%q became %q (%v)", text, got, err)
		}
	})
}
