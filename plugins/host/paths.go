package host

import "strings"

// pathSet is one of the lists of special paths that an engine declares. It
// matches as Vault does, quirks included, so that a declaration that works here
// works there.
type pathSet struct {
	patterns []string
	// wildcards says that "+" stands for one segment: so in the paths that want
	// no token, but not in those that want sudo, where Vault takes it literally.
	wildcards bool
}

// contains reports whether path, relative to the mount, is in the set. Of the
// patterns without "+", only the longest that path begins with counts, even
// where a shorter one with "*" would match.
func (s pathSet) contains(path string) bool {
	longest, star, found := "", false, false
	for _, pattern := range s.patterns {
		if s.wildcards && strings.Contains(pattern, "+") {
			continue
		}
		literal, hasStar := strings.CutSuffix(pattern, "*")
		if strings.HasPrefix(path, literal) && (!found || len(literal) > len(longest)) {
			longest, star, found = literal, hasStar, true
		}
	}
	if found && (star || longest == path) {
		return true
	}
	for _, pattern := range s.patterns {
		if s.wildcards && strings.Contains(pattern, "+") && matchGlob(pattern, path) {
			return true
		}
	}
	return false
}

// matchGlob matches path against pattern, in which "+" stands for one whole
// segment and a trailing "*" for any rest.
func matchGlob(pattern, path string) bool {
	pattern, prefix := strings.CutSuffix(pattern, "*")
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(have) < len(want) || (!prefix && len(have) != len(want)) {
		return false
	}
	for i, segment := range want {
		last := prefix && i == len(want)-1
		switch {
		case segment == "+", segment == have[i]:
		case last && strings.HasPrefix(have[i], segment):
		default:
			return false
		}
	}
	return true
}
