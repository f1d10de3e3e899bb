package phone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

var (
	// ErrDiffers means that what is served is not the app that was expected.
	ErrDiffers = errors.New("app_differs: do not open this address, and ask whoever serves it; " +
		"if the app there is of another release, verify it with the program of that release, or its hash with --hash")

	// ErrHeaders means that what is served is the app, with other headers than it
	// needs around it.
	ErrHeaders = errors.New("app_headers: the files are right, but their headers are not, so do not open this address yet; " +
		"have its host send what the file _headers of `stillvault phone export` lists: some static hosts read it as it stands, for others it goes into their configuration; " +
		"a mount's are tuned by `stillvault install`")

	// ErrAddress means that no app can be at an address.
	ErrAddress = errors.New("app_address: give the app's address as https://HOST/, or https://VAULT/v1/MOUNT/app/ for a mount's copy")

	// ErrUnreachable means that nothing answered.
	ErrUnreachable = errors.New("app_unreachable: check the address and the server's certificate, then run this again")
)

// maxFile bounds what is read of one file.
const maxFile = 32 << 20

// Checked is one file as it is served.
type Checked struct {
	Name string `json:"name"`
	// Hash is the SHA-256 of what was served, 64 hexadecimal digits; empty if
	// nothing was.
	Hash string `json:"sha256,omitempty"`
	// Faults say what is wrong with its contents, in words; none if all is well.
	Faults []string `json:"faults,omitempty"`
	// Headers say what is wrong with its headers, likewise. One fault of a host's
	// configuration is here once for each file.
	Headers []string `json:"header_faults,omitempty"`
}

// Report is what was found at an address.
type Report struct {
	URL     string    `json:"url"`
	Hash    string    `json:"hash"`                     // of the manifest that is served
	Want    string    `json:"want"`                     // that was expected
	Version string    `json:"version"`                  // that the served manifest names
	Wanted  string    `json:"wanted_version,omitempty"` // that was expected; empty where only a hash was
	Files   []Checked `json:"files"`                    // in the order of names, the page itself first
}

// Err is ErrDiffers if any contents are wrong, and ErrHeaders if only headers are.
func (r Report) Err() error {
	contents, headers := 0, 0
	for _, f := range r.Files {
		contents += min(1, len(f.Faults))
		headers += min(1, len(f.Headers))
	}
	switch {
	case contents > 0:
		return fmt.Errorf("%s: %d of %d files differ: %w", r.URL, contents, len(r.Files), ErrDiffers)
	case headers > 0:
		return fmt.Errorf("%s: %d of %d files: %w", r.URL, headers, len(r.Files), ErrHeaders)
	}
	return nil
}

// Verify fetches every file of the app at an address, which ends in a slash,
// and compares it with the bundle, headers included. It follows no redirect.
// The report is complete if the error is nil; the errors are ErrAddress,
// ErrUnreachable and the context's. A client of nil is one with a time limit.
func Verify(ctx context.Context, client *http.Client, baseURL string, want *Bundle) (Report, error) {
	v, err := newVerifier(client, baseURL, want.options)
	if err != nil {
		return Report{}, err
	}
	v.report.Want, v.report.Wanted, v.want = want.Hash(), want.manifest.Version, want.manifest
	if err := v.fetchManifest(ctx); err != nil {
		return Report{}, err
	}
	return v.run(ctx)
}

// VerifyHash is Verify for an app that this program does not hold: what is
// served has to have a manifest of this hash (64 hexadecimal digits), and every
// file has to be the one that it lists. The options say what its headers are.
func VerifyHash(ctx context.Context, client *http.Client, baseURL, hash string, o Options) (Report, error) {
	o, err := o.checked()
	if err != nil {
		return Report{}, err
	}
	v, err := newVerifier(client, baseURL, o)
	if err != nil {
		return Report{}, err
	}
	v.report.Want = strings.ToLower(hash)
	if err := v.fetchManifest(ctx); err != nil {
		return Report{}, err
	}
	v.want = v.served
	return v.run(ctx)
}

// verifier compares an address with a manifest.
type verifier struct {
	client  *http.Client
	base    *url.URL
	options Options
	want    Manifest // to compare the files with
	served  Manifest // as the address has it
	report  Report
}

func newVerifier(client *http.Client, baseURL string, o Options) (*verifier, error) {
	base, err := url.Parse(baseURL)
	if err != nil || base.Host == "" || base.RawQuery != "" || base.Fragment != "" || base.User != nil || !strings.HasSuffix(base.Path, "/") {
		return nil, fmt.Errorf("verify %q: %w", baseURL, ErrAddress)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !Local(base.Hostname())) {
		return nil, fmt.Errorf("verify %q, which anybody on the way could change: %w", baseURL, ErrAddress)
	}
	still := http.Client{Timeout: time.Minute}
	if client != nil {
		still = *client
	}
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &verifier{client: &still, base: base, options: o, report: Report{URL: base.String()}}, nil
}

// fetchManifest reads what the address says that it serves.
func (v *verifier) fetchManifest(ctx context.Context) error {
	file, body, err := v.fetch(ctx, manifestName)
	if err != nil {
		return err
	}
	v.report.Hash = file.Hash
	if len(file.Faults) == 0 && json.Unmarshal(body, &v.served) != nil {
		file.Faults = append(file.Faults, "is no manifest")
	}
	if file.Hash != v.report.Want {
		file.Faults = append(file.Faults, "another app, or another release of it")
	}
	v.report.Version = v.served.Version
	v.report.Files = append(v.report.Files, file)
	return nil
}

func (v *verifier) run(ctx context.Context) (Report, error) {
	if v.want.Files[indexName] != "" {
		if err := v.compare(ctx, "", v.want.Files[indexName]); err != nil {
			return Report{}, err
		}
	}
	for name, hash := range v.want.Files {
		if err := v.compare(ctx, name, hash); err != nil {
			return Report{}, err
		}
	}
	for name := range v.served.Files {
		if _, known := v.want.Files[name]; !known {
			v.report.Files = append(v.report.Files, Checked{Name: name, Faults: []string{"is not part of the app"}})
		}
	}
	slices.SortFunc(v.report.Files, func(a, b Checked) int { return strings.Compare(a.Name, b.Name) })
	return v.report, nil
}

// compare fetches a file and notes how it differs from what it should be.
func (v *verifier) compare(ctx context.Context, name, hash string) error {
	file, body, err := v.fetch(ctx, name)
	if err != nil {
		return err
	}
	if file.Hash != "" && file.Hash != hash {
		file.Faults = append(file.Faults, "other contents")
		if name == "" || strings.HasSuffix(name, ".html") {
			file.Faults = append(file.Faults, foreign(body, v.want)...)
		}
	}
	v.report.Files = append(v.report.Files, file)
	return nil
}

// fetch reads a file and checks its headers. The error is that nothing answers.
func (v *verifier) fetch(ctx context.Context, name string) (Checked, []byte, error) {
	file := Checked{Name: name}
	address := *v.base
	address.Path += name
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return file, nil, fmt.Errorf("verify %s: %w", name, err)
	}
	// What is compressed on the way would not be compared as it is.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := v.client.Do(req)
	if err != nil {
		return file, nil, fmt.Errorf("verify %s: %w: %w", v.report.URL, err, ErrUnreachable)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFile))
	if err != nil {
		return file, nil, fmt.Errorf("verify %s: %w: %w", v.report.URL, err, ErrUnreachable)
	}
	if resp.StatusCode != http.StatusOK {
		file.Faults = append(file.Faults, fmt.Sprintf("is not served: status %d", resp.StatusCode))
		return file, nil, nil
	}
	file.Hash = sum(body)
	file.Headers = headerFaults(v.options, name, strings.HasPrefix(name, v.want.Bundle+"/"), resp.Header)
	return file, body, nil
}
