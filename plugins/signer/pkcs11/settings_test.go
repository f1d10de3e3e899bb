package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/signer/file"
)

func TestArguments(t *testing.T) {
	whole := "--module=m --token=t --key=k"
	cases := map[string]struct{ args, says string }{
		"by labels":         {args: whole},
		"by number and id":  {args: "-module m -serial 12ab -id 0a0b"},
		"no module":         {args: "--token=t --key=k", says: "--module is missing"},
		"no token":          {args: "--module=m --key=k", says: "--serial is missing"},
		"no key":            {args: "--module=m --token=t", says: "--id (in hexadecimal) is missing"},
		"an id that is not": {args: whole + " --id=xyz", says: "invalid byte"},
		"a PIN":             {args: whole + " --pin=1234", says: "the arguments are"},
		"help":              {args: "--help", says: "exec:PATH?sha256=HEX&arg=--module=PATH"},
		"something else":    {args: whole + " now", says: `"now"`},
		"no variable":       {args: whole + " --setenv=X", says: "NAME=VALUE"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := parse(strings.Fields(tc.args))
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
			if err != nil && strings.Contains(err.Error(), "1234") {
				t.Error("a PIN that was an argument is repeated")
			}
		})
	}
}

func TestThePINComesFromAFileOrTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(path, []byte("1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pin, err := (settings{pinFile: path}).pin(); err != nil || string(pin) != "1234" {
		t.Errorf("from a file: %q, %v", pin, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := (settings{pinFile: path}).pin(); !errors.Is(err, file.ErrExposed) {
		t.Errorf("from a file that others read: %v", err)
	}
	t.Setenv(pinVariable, "5678")
	if pin, err := (settings{}).pin(); err != nil || string(pin) != "5678" {
		t.Errorf("from the environment: %q, %v", pin, err)
	}
	if _, err := (settings{}).pin(); err == nil || !strings.Contains(err.Error(), pinVariable) {
		t.Errorf("read a second time: %v", err)
	}
}
