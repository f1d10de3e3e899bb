// Package phone is the approver's web app as files to be served: it takes what
// the bundler built, gives every file its hash, and says with which headers it
// has to travel.
//
// Begin with [New]. The secrets engine serves a [CopyMount] bundle below its
// app/ path; `stillvault phone serve` and `phone export` put a [CopyOwn] bundle
// on an origin of the organisation's own. [Verify] compares what an address
// serves with what this program holds.
//
// What it cannot do: keep whoever serves the app honest. A server may give one
// visitor other files than the one who verifies; that is why production has an
// origin that the organisation controls.
package phone

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
)

// ErrNotBuilt means that this program was compiled without the app.
var ErrNotBuilt = errors.New("app_not_built: this program was compiled without the phone app; build it with `make build`")

// ErrOptions means that a bundle was asked for that cannot be.
var ErrOptions = errors.New("app_options: give an address as https://HOST or https://HOST:PORT, without a path; http:// only for this machine")

// ErrSource means that the app's files do not fit together: a fault of the
// build, not of its user.
var ErrSource = errors.New("app_source: the app's files do not fit together; correct them and run `make build` again")

// dist holds the built app, or nothing but a README.
//
//go:embed all:dist
var dist embed.FS

// Copy says from where an app is served.
type Copy string

const (
	// CopyMount is the copy that the secrets engine serves: for development
	// and small installations, since whoever runs Vault could change it.
	CopyMount Copy = "mount"
	// CopyOwn is a copy on an origin of the organisation's own.
	CopyOwn Copy = "own"
)

// Options say which bundle to make.
type Options struct {
	// Copy is who serves it.
	Copy Copy
	// Connect is the origin of Vault, which an own copy calls; empty for the
	// mount's copy, whose origin is Vault's.
	Connect string
}

// Built reports whether this program holds the app.
func Built() bool {
	_, err := fs.Stat(dist, "dist/app/"+indexName)
	return err == nil
}

// New makes a bundle of the app in this program. The errors are ErrNotBuilt,
// ErrOptions and ErrSource.
func New(o Options) (*Bundle, error) {
	if !Built() {
		return nil, ErrNotBuilt
	}
	files, err := fs.Sub(dist, "dist/app")
	if err != nil {
		return nil, fmt.Errorf("open the built app: %w", err)
	}
	version, err := fs.ReadFile(dist, "dist/version")
	if err != nil {
		return nil, fmt.Errorf("read the built app's version: %w: %w", err, ErrNotBuilt)
	}
	return newBundle(files, strings.TrimSpace(string(version)), o)
}

// checked returns the options with the origin in the form in which browsers
// write it.
func (o Options) checked() (Options, error) {
	switch {
	case o.Copy == CopyMount && o.Connect == "":
		return o, nil
	case o.Copy != CopyOwn:
		return o, fmt.Errorf("a copy of kind %q that connects to %q: %w", o.Copy, o.Connect, ErrOptions)
	}
	origin, err := Origin(o.Connect)
	o.Connect = origin
	return o, err
}

// Origin checks an address that is nothing but an origin, and returns it in the
// form in which browsers write it: lower case, no default port, no slash at its
// end. Only this machine may be reached without TLS, as browsers have it. The
// error is ErrOptions.
func Origin(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read %q: %w", address, ErrOptions)
	}
	bare := u.Path == "" || u.Path == "/"
	if !bare || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" || strings.ContainsAny(u.Host, `;,'" `) {
		return "", fmt.Errorf("read %q: %w", address, ErrOptions)
	}
	defaultPort := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	if defaultPort == "" || u.Scheme == "http" && !Local(u.Hostname()) {
		return "", fmt.Errorf("read %q: %w", address, ErrOptions)
	}
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), defaultPort), nil
}

// Local reports whether a host name is this machine's own, where browsers take
// plain HTTP for secure.
func Local(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
