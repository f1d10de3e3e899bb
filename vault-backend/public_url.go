package backend

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// numericHost is what browsers take for an IPv4 address, in any of its spellings.
var numericHost = regexp.MustCompile(`(?i)(^|\.)([0-9]+|0x[0-9a-f]*)\.?$`)

// checkPublicURL refuses an address of the phone app that is none, or at which no
// browser makes a passkey. Empty is none, and good.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("public_url wants a URL such as https://approve.example.org, without user or fragment: %w", errInput)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case strings.Contains(host, ":") || numericHost.MatchString(host):
		return fmt.Errorf("public_url %q: %w", text, errPublicURLAddress)
	case u.Scheme == "http" && host != "localhost" && !strings.HasSuffix(host, ".localhost"):
		return fmt.Errorf("public_url %q: %w", text, errPublicURLPlain)
	}
	return nil
}
