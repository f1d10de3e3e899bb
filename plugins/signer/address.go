package signer

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/stillvault/stillvault/plugins/filename"
)

// Variable is the environment variable that holds the address of a signer where
// nobody names one otherwise.
const Variable = "STILLVAULT_SIGNER"

// Scheme is the kind of a signer: what stands before the colon of its address.
type Scheme string

// The kinds of signers.
const (
	File     Scheme = "file"
	SSHAgent Scheme = "ssh-agent"
	Transit  Scheme = "transit"
	Exec     Scheme = "exec"
)

// Address says where an Org Identity key is: SCHEME:NAME[?PARAMETER=VALUE&…].
// It holds no secret and may be logged. In names and values, a percent sign and
// two hexadecimal digits stand for a byte, which is how a question mark is
// written in a path; nothing else means anything but itself.
type Address struct {
	Scheme Scheme
	Name   string // path, fingerprint, or name of a key

	parameters []parameter
}

type parameter struct{ name, value string }

// form says what the addresses of a scheme look like.
type form struct {
	name       func(string) bool
	parameters map[string]func(value string) bool
	needs      string // parameter without which there is no address
	repeats    string // parameter that may stand more than once
}

// names are the parameters of a form, for people.
func (f form) names() string {
	if len(f.parameters) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(f.parameters)), ", ")
}

var forms = map[Scheme]form{
	File:     {name: isPath, parameters: map[string]func(string) bool{"passphrase_file": isPath}},
	SSHAgent: {name: isFingerprint},
	Transit: {name: isKeyName, parameters: map[string]func(string) bool{
		"mount": isMount, "version": isVersion, "address": IsServer, "namespace": isMount, "token_file": isPath, "ca_cert": isPath,
	}},
	Exec: {name: isPath, needs: "sha256", repeats: "arg", parameters: map[string]func(string) bool{
		"sha256": isSHA256, "arg": func(string) bool { return true },
	}},
}

// ParseAddress reads an address. A scheme, a parameter or a value that this build
// does not know is [ErrAddress]: an address is never guessed.
func ParseAddress(text string) (Address, error) {
	scheme, rest, found := strings.Cut(text, ":")
	known, ok := forms[Scheme(scheme)]
	if !found || !ok {
		if !found {
			scheme = ""
		}
		return Address{}, fmt.Errorf("signer: %s: %w", begins(scheme), ErrAddress)
	}
	name, query, parameterised := strings.Cut(rest, "?")
	a := Address{Scheme: Scheme(scheme)}
	var err error
	if a.Name, err = unescape(name); err != nil || !known.name(a.Name) {
		return Address{}, wrong(text, nameHints[a.Scheme])
	}
	if parameterised {
		if a.parameters, err = parseParameters(query, known); err != nil {
			return Address{}, wrong(text, err.Error())
		}
	}
	if known.needs != "" && a.Value(known.needs) == "" {
		return Address{}, wrong(text, fmt.Sprintf("it pins no program; add ?sha256= and what `sha256sum %s` prints first", a.Name))
	}
	return a, nil
}

// begins says what stands where the kind of a signer does, if it is nearly one. What
// is no address may be the key itself, in the wrong variable, and is not repeated.
func begins(scheme string) string {
	plain := func(text string) string { return strings.ToLower(strings.ReplaceAll(text, "-", "")) }
	for _, known := range slices.Sorted(maps.Keys(forms)) {
		given, kind := plain(scheme), plain(string(known))
		nearly := strings.HasPrefix(kind, given) || strings.HasPrefix(given, kind)
		if nearly && len(given) > 1 && len(given) <= len(kind)+1 {
			return fmt.Sprintf("it begins with %q, which is no kind of signer; is it %q?", scheme+":", known+":")
		}
	}
	if strings.EqualFold(scheme, "pkcs11") {
		return "a PKCS#11 token is reached by a program, with an address that begins with exec: and is described in docs/operations.md"
	}
	return "it begins with no kind of signer, such as file:PATH"
}

// nameHints say what has to stand after the colon.
var nameHints = map[Scheme]string{
	File:     "after file: stands a path; a question mark in it is written %3F, a percent sign %25",
	SSHAgent: "after ssh-agent: stands a fingerprint as `ssh-add -l` prints it, SHA256: and 43 characters",
	Transit:  "after transit: stands the name of a key in Vault's Transit engine",
	Exec:     "after exec: stands the path of a program; a question mark in it is written %3F, a percent sign %25",
}

// valueHints say what the value of a parameter has to be, where it has one form.
var valueHints = map[string]string{
	"sha256":  "; it is 64 hexadecimal digits, as `sha256sum` prints first",
	"version": "; it is a number from 1 on",
	"address": "; it is a URL that begins with https://, or with http:// on this machine",
}

// wrong does not repeat parameters: what somebody took for one may be a secret. Nor
// does it repeat the key itself, in place of its file.
func wrong(text, why string) error {
	name, _, _ := strings.Cut(text, "?")
	if path, isFile := strings.CutPrefix(name, string(File)+":"); isFile && path != "" && !filename.Plain(path) {
		name = string(File) + ":…"
	}
	return fmt.Errorf("signer %s: %s: %w", Words(strconv.Quote(name)), Words(why), ErrAddress)
}

func parseParameters(query string, known form) ([]parameter, error) {
	var list []parameter
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		good, ok := known.parameters[name]
		if !ok {
			return nil, fmt.Errorf("it has a parameter that is none of its kind; there are %s", known.names())
		}
		again := slices.ContainsFunc(list, func(p parameter) bool { return p.name == name })
		if again && name != known.repeats {
			return nil, fmt.Errorf("%s stands there twice", name)
		}
		plain, err := unescape(value)
		if err != nil || !good(plain) {
			return nil, fmt.Errorf("%s has a value that it cannot have%s", name, valueHints[name])
		}
		list = append(list, parameter{name, plain})
	}
	return list, nil
}

// FileAddress is the address of a key file at path.
func FileAddress(path string) Address { return Address{Scheme: File, Name: path} }

// Value is the value of a parameter, "" where the address has none.
func (a Address) Value(name string) string {
	if all := a.Values(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Values are all values of a parameter, in the address's order.
func (a Address) Values(name string) []string {
	var all []string
	for _, p := range a.parameters {
		if p.name == name {
			all = append(all, p.value)
		}
	}
	return all
}

// String is the text that [ParseAddress] reads as this address.
func (a Address) String() string {
	text := string(a.Scheme) + ":" + escape(a.Name)
	for i, p := range a.parameters {
		text += string("?&"[min(i, 1)]) + p.name + "=" + escape(p.value)
	}
	return text
}

// unescape refuses control characters too: no path or name has them by intent,
// and an address is printed.
func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err == nil && strings.ContainsFunc(plain, unicode.IsControl) {
		err = ErrAddress
	}
	return plain, err
}

func escape(text string) string {
	return strings.NewReplacer("%", "%25", "?", "%3F", "&", "%26").Replace(text)
}

var (
	fingerprintForm = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
	keyNameForm     = regexp.MustCompile(`^\w(([\w.-]+)?\w)?$`) // as Vault has it
	mountForm       = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*$`)
)

// isPath refuses what looks like file://host/path, which would be read as
// another file than meant, and the text of a key's file in place of its path.
func isPath(text string) bool {
	return text != "" && !strings.HasPrefix(text, "//") && !strings.HasPrefix(strings.TrimSpace(text), "{")
}

func isFingerprint(text string) bool {
	if !fingerprintForm.MatchString(text) {
		return false
	}
	_, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimPrefix(text, "SHA256:"))
	return err == nil
}

func isKeyName(text string) bool { return keyNameForm.MatchString(text) }

func isMount(text string) bool { return mountForm.MatchString(text) && !strings.Contains(text, "..") }

func isVersion(text string) bool {
	n, err := strconv.ParseUint(text, 10, 31)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == text
}

func isSHA256(text string) bool {
	digest, err := hex.DecodeString(text)
	return err == nil && len(digest) == 32
}

// IsServer says whether text is the URL of a server that a token may be sent to:
// https, or plain HTTP on this machine.
func IsServer(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" {
		return false
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && local
}
