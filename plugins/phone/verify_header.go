package phone

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// headerFaults says which headers of a file are missing or other than they
// should be.
func headerFaults(o Options, name string, lasting bool, have http.Header) []string {
	var faults []string
	protection := o.protection()
	for _, header := range slices.Sorted(maps.Keys(protection)) {
		switch value := strings.Join(have.Values(header), ", "); value {
		case protection[header]:
		case "":
			faults = append(faults, header+" is missing")
		default:
			faults = append(faults, fmt.Sprintf("%s is %.160q", header, value))
		}
	}
	if have.Get("Content-Encoding") != "" {
		faults = append(faults, "Content-Encoding is set: the app's .gz file has to arrive as it is")
	}
	if fault := typeFault(name, have.Get("Content-Type")); fault != "" {
		faults = append(faults, fault)
	}
	if cached := have.Get("Cache-Control"); !lasting && !strings.Contains(cached, "no-cache") && !strings.Contains(cached, "no-store") && !strings.Contains(cached, "max-age=0") {
		faults = append(faults, "Cache-Control lets browsers keep it: set no-cache")
	}
	return faults
}

// alsoGood are types that browsers take for the same.
var alsoGood = map[string][]string{
	".js": {"application/javascript"},
	".gz": {"application/x-gzip", "application/octet-stream"},
}

// typeFault says what is wrong with a Content-Type; the parameters may differ.
func typeFault(name, have string) string {
	if name == "" {
		name = indexName
	}
	extension := path.Ext(name)
	got, _, err := mime.ParseMediaType(have)
	want, _, _ := strings.Cut(contentTypes[extension], ";")
	if err == nil && (got == want || slices.Contains(alsoGood[extension], got)) {
		return ""
	}
	return fmt.Sprintf("Content-Type is %.80q, not %s", have, want)
}

var reference = regexp.MustCompile(`(?i)\b(?:src|href|action|data|srcset|http-equiv)\s*=\s*["']?([^"'\s>]+)`)

// foreign names what a changed page refers to that is not of the app.
func foreign(page []byte, m Manifest) []string {
	var faults []string
	for _, match := range reference.FindAllSubmatch(page, -1) {
		target := string(match[1])
		u, err := url.Parse(target)
		known := err == nil && !u.IsAbs() && u.Host == "" && m.Files[path.Clean(u.Path)] != ""
		if !known && target != "Content-Security-Policy" {
			faults = append(faults, fmt.Sprintf("refers to %.120q, which is not part of the app", target))
		}
	}
	return faults
}
