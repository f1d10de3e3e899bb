package host

import (
	"context"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestStoresAgree holds the bbolt store to the SDK's own storage in memory.
func TestStoresAgree(t *testing.T) {
	file, err := openStore(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.close()
	memory, err := openStore("")
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"a", "a/b", "a/b/c", "a/b/d", "a-x", "a0", "ab/c", "z", "é/1", "é/2", "a//b"}
	for _, s := range []store{file, memory} {
		for _, key := range keys {
			if err := s.Put(t.Context(), &logical.StorageEntry{Key: key, Value: []byte("value of " + key)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Delete(t.Context(), "a/b/d"); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), "never/there"); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), &logical.StorageEntry{Key: "empty", Value: []byte{}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range []string{"", "a", "a/", "a/b/", "a/b/c", "ab/", "é/", "none/", "z"} {
		want, got := list(t, memory, prefix), list(t, file, prefix)
		if !slices.Equal(want, got) {
			t.Errorf("list %q: memory %q, file %q", prefix, want, got)
		}
	}
	for _, key := range append(keys, "none", "empty") {
		want, err := memory.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := file.Get(t.Context(), key); err != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("get %q: memory %v, file %v, %v", key, want, got, err)
		}
	}
}

func list(t *testing.T, s logical.Storage, prefix string) []string {
	t.Helper()
	names, err := s.List(context.Background(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestPathSetMatchesAsVaultDoes(t *testing.T) {
	cases := []struct {
		set  pathSet
		path string
		want bool
	}{
		{pathSet{patterns: []string{"app/*"}}, "app/index.html", true},
		{pathSet{patterns: []string{"app/*"}}, "app", false},
		{pathSet{patterns: []string{"config"}}, "config", true},
		{pathSet{patterns: []string{"config"}}, "config/x", false},
		{pathSet{patterns: []string{"a*", "abc"}}, "ab", true},
		{pathSet{patterns: []string{"a*", "abc"}}, "abcd", false}, // the longer pattern counts
		{pathSet{patterns: []string{"enroll/+/status"}, wildcards: true}, "enroll/1/status", true},
		{pathSet{patterns: []string{"enroll/+/status"}, wildcards: true}, "enroll/1/2/status", false},
		{pathSet{patterns: []string{"enroll/+/s*"}, wildcards: true}, "enroll/1/status/more", true},
		{pathSet{patterns: []string{"enroll/+/status"}}, "enroll/1/status", false}, // sudo paths know no wildcard
		{pathSet{patterns: []string{"enroll/+/status"}}, "enroll/+/status", true},
		{pathSet{}, "", false},
	}
	for _, tc := range cases {
		if got := tc.set.contains(tc.path); got != tc.want {
			t.Errorf("%q contains %q: %t, want %t", tc.set.patterns, tc.path, got, tc.want)
		}
	}
}
