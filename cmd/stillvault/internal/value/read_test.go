package value_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/value"
	"github.com/stillvault/stillvault/core/secret"
)

var files = map[string]string{
	"object.json": "\n {\"z\": 9007199254740993, \"a\":1.10, \"nested\": {\"b\":[1e400,null]}} \n",
	"key.pem":     "-----BEGIN KEY-----\n\"<&>\"\n",
	"binary":      "\xff\xfe",
	"twice.json":  `{"a":1,"a":2}`,
	"list.json":   `[1]`,
	"large":       strings.Repeat("x", 2*secret.MaxValue+1),
}

func source(stdin string) *value.Source {
	return &value.Source{Stdin: strings.NewReader(stdin), ReadFile: func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}}
}

func TestArgumentsMakeASecret(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		stdin string
		want  string
	}{
		"pairs in their order":            {[]string{"b=2", "a=x=y"}, "", `{"b":"2","a":"x=y"}`},
		"an empty value":                  {[]string{"a="}, "", `{"a":""}`},
		"a file's text":                   {[]string{"pem=@key.pem"}, "", `{"pem":"-----BEGIN KEY-----\n\"<&>\"\n"}`},
		"standard input as a value":       {[]string{"user=app", "password=-"}, "s3cret\n", `{"user":"app","password":"s3cret\n"}`},
		"a literal @":                     {[]string{`a=\@b`}, "", `{"a":"@b"}`},
		"an object kept byte for byte":    {[]string{"@object.json"}, "", `{"z": 9007199254740993, "a":1.10, "nested": {"b":[1e400,null]}}`},
		"an object from standard input":   {[]string{"-"}, `{"n":0.10}`, `{"n":0.10}`},
		"an object and a pair":            {[]string{"@object.json", "c=3"}, "", `{"z":9007199254740993,"a":1.10,"nested":{"b":[1e400,null]},"c":"3"}`},
		"keys that vault write reserves":  {[]string{"version=1", "cas=2"}, "", `{"version":"1","cas":"2"}`},
		"an empty object":                 {[]string{"-"}, `{}`, `{}`},
		"a key with a character to quote": {[]string{`a"b=<c>`}, "", `{"a\"b":"<c>"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := source(c.stdin).Read(c.args)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Fatalf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestArgumentsThatAreNoSecretAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want error
	}{
		"nothing":                 {nil, value.ErrArguments},
		"no equals sign":          {[]string{"hunter2"}, value.ErrArguments},
		"an empty key":            {[]string{"=hunter2"}, value.ErrArguments},
		"a key twice":             {[]string{"a=hunter2", "a=b"}, value.ErrArguments},
		"a key twice, in a file":  {[]string{"@twice.json"}, value.ErrArguments},
		"standard input twice":    {[]string{"a=-", "b=-"}, value.ErrArguments},
		"text that is not UTF-8":  {[]string{"a=@binary"}, value.ErrArguments},
		"a file that is missing":  {[]string{"a=@nowhere"}, os.ErrNotExist},
		"JSON but not an object":  {[]string{"@list.json"}, secret.ErrValue},
		"an object and half more": {[]string{"-"}, secret.ErrValue},
		"a secret too large":      {[]string{"a=@large"}, secret.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := source(`{"a":"hunter2"}{`).Read(c.args)
			if !errors.Is(err, c.want) || got != nil {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Fatalf("the error tells the value: %v", err)
			}
		})
	}
}

func TestAPersonIsAskedForEachValueOfADash(t *testing.T) {
	var asked []string
	source := value.Source{Ask: func(key string) ([]byte, error) {
		asked = append(asked, key)
		return []byte("typed"), nil
	}}
	got, err := source.Read([]string{"password=-", "pin=-", "user=app"})
	if err != nil || string(got) != `{"password":"typed","pin":"typed","user":"app"}` {
		t.Fatalf("got %q, %v", got, err)
	}
	if !slices.Equal(asked, []string{"password", "pin"}) {
		t.Fatalf("asked for %q", asked)
	}
	source.Ask = func(string) ([]byte, error) { return nil, io.ErrUnexpectedEOF }
	if _, err := source.Read([]string{"password=-"}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %v", err)
	}
}

func TestStandardInputIsReadUpToTheLimit(t *testing.T) {
	in := value.Source{Stdin: strings.NewReader(strings.Repeat(" ", 2*secret.MaxValue+1))}
	if _, err := in.Read([]string{"-"}); !errors.Is(err, secret.ErrValue) {
		t.Fatalf("got %v", err)
	}
}
