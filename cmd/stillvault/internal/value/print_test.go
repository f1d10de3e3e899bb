package value_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/value"
)

const sample = `{"user":"app", "port":5432,"big":9007199254740993,"ratio":1.10,"tls":{"ca": "x", "on":true},"none":null,"empty":""}`

func TestSecretsPrintAsVaultPrintsThem(t *testing.T) {
	for name, c := range map[string]struct {
		style value.Style
		want  string
	}{
		"a table, sorted": {value.Style{}, `Key                 Value
---                 -----
refresh_interval    15m0s
big                 9007199254740993
empty               
none                null
port                5432
ratio               1.10
tls                 {"ca":"x","on":true}
user                app
`},
		"a field as it is":               {value.Style{Field: "user"}, "app"},
		"a field on a terminal":          {value.Style{Field: "user", Terminal: true}, "app\n"},
		"a number that no float holds":   {value.Style{Field: "big"}, "9007199254740993"},
		"a number as it was spelled":     {value.Style{Field: "ratio"}, "1.10"},
		"a nested field":                 {value.Style{Field: "tls"}, `{"ca":"x","on":true}`},
		"a field as JSON":                {value.Style{Field: "user", Format: "json"}, "\"app\"\n"},
		"the whole, as vault's own JSON": {value.Style{Format: "json"}, wholeJSON},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := value.Printed{JSON: []byte(sample), RequestID: "r-1", Lease: 15 * time.Minute}
			if err := value.Print(&out, p, c.style); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Fatalf("got\n%s\nwant\n%s", out.String(), c.want)
			}
		})
	}
}

const wholeJSON = `{
  "request_id": "r-1",
  "lease_id": "",
  "lease_duration": 900,
  "renewable": false,
  "data": {
    "user": "app",
    "port": 5432,
    "big": 9007199254740993,
    "ratio": 1.10,
    "tls": {
      "ca": "x",
      "on": true
    },
    "none": null,
    "empty": ""
  },
  "warnings": null
}
`

func TestWhatCannotBePrintedIsNamed(t *testing.T) {
	p := value.Printed{JSON: []byte(sample)}
	if err := value.Print(new(bytes.Buffer), p, value.Style{Field: "nothing"}); !errors.Is(err, value.ErrField) {
		t.Fatalf("missing field: got %v", err)
	}
	if err := value.Print(new(bytes.Buffer), p, value.Style{Format: "yaml"}); !errors.Is(err, value.ErrFormat) {
		t.Fatalf("unknown format: got %v", err)
	}
}
