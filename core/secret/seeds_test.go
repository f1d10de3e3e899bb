package secret_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// A seed that no longer decodes is turned away at the door, and what lies behind it is
// fuzzed no more. Whoever adds a field makes the seeds anew.
func TestSeedsReachBehindTheDoor(t *testing.T) {
	for target, read := range map[string]func([]byte) error{
		"FuzzVersion": func(data []byte) error {
			v, err := envelope.Decode[secret.Version](data)
			if err == nil {
				_, err = envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
			}
			for _, rs := range v.Reshares {
				for _, d := range rs.Deals {
					if err == nil {
						_, err = envelope.Peek[secret.Deal](d.Deal, envelope.TypeDeal)
					}
				}
			}
			return err
		},
		"FuzzDeal": func(data []byte) error {
			d, err := envelope.Decode[secret.Dealt](data)
			if err == nil {
				_, err = envelope.Peek[secret.Deal](d.Deal, envelope.TypeDeal)
			}
			return err
		},
	} {
		files, err := filepath.Glob("testdata/fuzz/" + target + "/seed-*")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has %d seeds: %v", target, len(files), err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, line, _ := strings.Cut(strings.TrimSpace(string(content)), "\n")
			data, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
			if err == nil {
				err = read([]byte(data))
			}
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
