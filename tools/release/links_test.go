package main

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	pages    = regexp.MustCompile(`^((README|CONTRIBUTING|SECURITY)\.md|docs/[^/]+\.md|examples/.+\.md|terraform-provider/(docs/.+\.md|templates/.+\.tmpl))$`)
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fenced   = regexp.MustCompile("(?ms)^```.*?^```$")
	named    = regexp.MustCompile(`<a id="([^"]+)"></a>`)
	headings = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// TestLinksLeadSomewhere holds what pages link to against what git has: a file that
// only its author has is none for anybody who cloned.
func TestLinksLeadSomewhere(t *testing.T) {
	const top = "../../"
	tracked := map[string]bool{}
	var read []string
	for name := range strings.Lines(command(t, "git", "-C", top, "ls-files")) {
		name = strings.TrimSpace(name)
		if pages.MatchString(name) {
			read = append(read, name)
		}
		for ; name != "."; name = path.Dir(name) { // folders, too
			tracked[name] = true
		}
	}
	checked := 0
	for _, page := range read {
		// A template becomes a page of the folder beside its own.
		from := path.Dir(strings.Replace(page, "terraform-provider/templates", "terraform-provider/docs", 1))
		for _, found := range link.FindAllStringSubmatch(prose(t, top+page), -1) {
			to, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(to, ":") || strings.Contains(to, "{{") {
				continue // elsewhere, or filled in
			}
			checked++
			target := page
			if to != "" {
				target = path.Join(from, to)
			}
			switch {
			case !tracked[target]:
				t.Errorf("%s links to %s, which is not in the repository", page, found[1])
			case anchor != "" && !anchors(prose(t, top+target))[anchor]:
				t.Errorf("%s links to %s, which has no such heading", page, found[1])
			}
		}
	}
	if checked < 50 {
		t.Errorf("of %d pages, only %d links were found", len(read), checked)
	}
}

// prose is a page without what is fenced.
func prose(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return fenced.ReplaceAllString(string(text), "")
}

// anchors are what a link may name of a page: its headings, as a forge writes them,
// and what is marked.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, mark := range named.FindAllStringSubmatch(text, -1) {
		all[mark[1]] = true
	}
	for _, heading := range headings.FindAllStringSubmatch(text, -1) {
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, heading[1])] = true
	}
	return all
}
