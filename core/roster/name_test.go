package roster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/roster"
)

func TestNames(t *testing.T) {
	for _, good := range []string{"a", "0", "db-1", "a.b_c-d", strings.Repeat("x", 63)} {
		if err := roster.CheckName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "A", "-a", ".a", "_a", "a b", "a/b", "é", "a\n", "a\x00", strings.Repeat("x", 64)} {
		if err := roster.CheckName(bad); !errors.Is(err, roster.ErrName) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, good := range []string{"a", "prod/db", "c++/lib", "a b/c", "é/ü", "漢字", "..a", "a..", strings.Repeat("x", 512)} {
		if err := roster.CheckPath(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "leading slash": "/a", "trailing slash": "a/", "double slash": "a//b", "dot": "a/./b", "dot dot": "a/../b",
		"plus": "a/+/b", "star": "a/*", "star inside": "a/b*", "line break": "a\nb", "null": "a\x00b", "invalid UTF-8": "a\xffb",
		"right-to-left override": "a/\u202ebd", "zero-width space": "a\u200bb", "soft hyphen": "a\u00adb", "filler": "a\u3164b",
		"no-break space": "a\u00a0b", "replacement character": "a\ufffdb", "letter in two parts": "e\u0301", "outer space": "a/ b", "space at the end": "a /b",
		"too long": strings.Repeat("x", 513),
	} {
		if err := roster.CheckPath(bad); !errors.Is(err, roster.ErrPath) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, good := range []string{"*", "+", "+/+", "prod/*", "prod/+/db", "+/*", strings.Repeat("x/", 31) + "x"} {
		if err := roster.CheckPattern(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "/", "*/a", "a/*/b", "a*", "pro*", "a/b*", "a//b", "a/../b", "**", strings.Repeat("x/", 32) + "x"} {
		if err := roster.CheckPattern(bad); !errors.Is(err, roster.ErrPath) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// Segment by segment a literal beats "+", and "+" beats a trailing "*".
func TestTheMostSpecificPatternCounts(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b := w.Admit("alice"), w.Admit("bob")
	for name, pattern := range map[string]string{
		"all": "*", "one": "+", "prod": "prod/*", "prod-one": "prod/+", "prod-db": "prod/db", "any-db": "+/db",
		"prod-any-key": "prod/+/key", "prod-db-all": "prod/db/*", "deep": "+/+/+/x",
	} {
		w.SetPolicy(coretest.Policy(name, pattern, nil, coretest.Need("dba", 1, a, b)))
	}
	for path, want := range map[string]string{
		"top": "one", "prod": "one", "prod/db": "prod-db", "prod/api": "prod-one", "test/db": "any-db", "test/api": "all",
		"prod/db/key":   "prod-db-all", // literal db beats +, although key is literal in the other
		"prod/api/key":  "prod-any-key",
		"prod/api/else": "prod", "prod/db/a/b": "prod-db-all", "prod/a/b/x": "prod", "test/a/b/x": "deep", "test/a/b/y": "all",
	} {
		p, err := w.Roster.PolicyFor(path)
		if err != nil || p.Name != want {
			t.Errorf("%q: got %v, %v, want %s", path, p, err, want)
		}
	}
	for _, bad := range []string{"", "prod/*", "prod/+", "+", "a//b"} {
		if _, err := w.Roster.PolicyFor(bad); !errors.Is(err, roster.ErrPath) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestAPathThatNoPatternMatchesHasNoPolicy(t *testing.T) {
	w := coretest.NewWorld(t)
	a, b := w.Admit("alice"), w.Admit("bob")
	w.SetPolicy(coretest.Policy("prod", "prod/*", nil, coretest.Need("dba", 1, a, b)))
	w.SetPolicy(coretest.Policy("two", "x/+", nil, coretest.Need("dba", 1, a, b)))
	for _, path := range []string{"prod", "product/db", "x", "x/y/z", "y/x"} {
		if _, err := w.Roster.PolicyFor(path); !errors.Is(err, roster.ErrNoPolicy) {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

func TestAPatternMatchesAloneAsItDoesInARoster(t *testing.T) {
	patterns := []string{"a", "a/b", "+", "*", "a/*", "a/+", "+/b", "+/*", "a/+/c", "a/b/*", "+/+/c"}
	paths := []string{"a", "b", "a/b", "a/c", "x/b", "x/y", "a/b/c", "a/x/c", "x/y/c", "a/b/c/d", "a/b/d"}
	for _, pattern := range patterns {
		w := coretest.NewWorld(t)
		alice, bob := w.Admit("alice"), w.Admit("bob")
		w.SetPolicy(coretest.Policy("p", pattern, nil, coretest.Need("any", 1, alice, bob)))
		for _, path := range paths {
			got, err := roster.Matches(pattern, path)
			w.Must(err)
			_, err = w.Roster.PolicyFor(path)
			if want := !errors.Is(err, roster.ErrNoPolicy); got != want {
				t.Errorf("%s matches %s: %t, in a roster %t", pattern, path, got, want)
			}
		}
	}
	for pattern, path := range map[string]string{"a*": "a", "a/*/b": "a", "a/b": "a//b", "*": "+"} {
		if _, err := roster.Matches(pattern, path); !errors.Is(err, roster.ErrPath) {
			t.Errorf("%q, %q: %v", pattern, path, err)
		}
	}
}
