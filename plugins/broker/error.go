package broker

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// ErrMissing means that there is nothing under the name that was asked for.
var ErrMissing = errors.New("missing: the broker has nothing under this name")

// Error is an answer that is not a success: Vault's, or the broker's through it.
type Error struct {
	Operation string // read, write or delete
	Path      string // with the mount, without /v1/
	Status    int    // HTTP status
	Text      string // what the server says, several reasons joined by "; "
	Address   string // of the server
	Tokenless bool   // no token was there to be sent
}

// Error says what was done, where Vault itself refused which Vault, what the
// server answered, and what to do where it said so.
func (e *Error) Error() string {
	text := e.Text
	if text == "" {
		text = strings.ToLower(http.StatusText(e.Status))
	}
	if e.Status == http.StatusForbidden && e.Name() == "" {
		if e.Tokenless {
			text += "; no token was sent: set VAULT_TOKEN, or run `vault login`"
		} else {
			text += "; the token lacks a Vault policy for this path, or is no longer valid: see `vault token lookup`"
		}
		if !e.vaults() {
			mount, _, _ := strings.Cut(e.Path, "/")
			text += fmt.Sprintf("; or nothing is mounted at %s, of which Vault says the same: see `vault secrets list`", mount)
		}
	}
	if e.unmounted() {
		text = strings.TrimSuffix(text, ".") + "; is the engine mounted there? `vault secrets list` shows the mounts, STILLVAULT_MOUNT says which one is meant, and `stillvault install` makes one"
	}
	if e.sealed() {
		text += "; run `vault operator unseal` there"
	}
	if e.Address != "" && e.Name() == "" {
		return fmt.Sprintf("%s %s at %s: %s", e.Operation, e.Path, e.Address, text)
	}
	return fmt.Sprintf("%s %s: %s", e.Operation, e.Path, text)
}

// sealed says whether Vault is sealed, known by its words as in [Error.unmounted].
func (e *Error) sealed() bool {
	return e.Status == http.StatusServiceUnavailable && strings.EqualFold(e.Text, "vault is sealed")
}

// unmounted says whether Vault has no mount at the path. Its answer has neither a
// name nor a status of its own, so it is known by its words, and only advice
// depends on them.
func (e *Error) unmounted() bool {
	return strings.HasPrefix(e.Text, "no handler for route") && !e.vaults()
}

// vaults says whether the path is one that every Vault has.
func (e *Error) vaults() bool {
	first, _, _ := strings.Cut(e.Path, "/")
	return first == "identity" || first == "sys" || first == "auth"
}

var (
	textParts = regexp.MustCompile(`[:;] |[:;]$`)
	nameForm  = regexp.MustCompile(`^([a-z][a-z0-9]*(_[a-z0-9]+)+|denied|draining|revoked)$`)
)

// names are the parts of the text, between colons, that have the form of a name.
func (e *Error) names() []string {
	return slices.DeleteFunc(textParts.Split(e.Text, -1), func(part string) bool { return !nameForm.MatchString(part) })
}

// Name is the name of the error that the broker returned, for example
// "self_approval": the first part of its text that has the form of a name. It is
// empty where the error is Vault's own.
func (e *Error) Name() string {
	if names := e.names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// Is makes errors.Is(err, sentinel) true where sentinel is an error of core or
// of the broker whose name stands in the text: an error that crosses a process
// boundary is its text, of which the name is the part that does not change.
func (e *Error) Is(sentinel error) bool {
	name, _, _ := strings.Cut(sentinel.Error(), ":")
	return slices.Contains(e.names(), name)
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// RequestID is the request that the text of a wait's end names, zero if none.
func (e *Error) RequestID() envelope.ID {
	id, err := envelope.ParseID(uuid.FindString(e.Text))
	if err != nil {
		return envelope.ID{}
	}
	return id
}

// Waiting says whether err means that people have not decided yet: the same
// call goes on waiting, and nobody is prompted again.
func Waiting(err error) bool { return StatusOf(err) == http.StatusLocked }

// StatusOf is the HTTP status of an [*Error], 0 for any other error.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// NameOf is the name of an [*Error], "" for any other error.
func NameOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Name()
	}
	return ""
}

func (c *Client) decodeError(operation, path string, err error) error {
	var answer *vault.ResponseError
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s %s: %w; %s", operation, path, err, c.addressing())
	}
	texts := make([]string, 0, len(answer.Errors))
	for _, text := range answer.Errors {
		texts = append(texts, plain(text))
	}
	return &Error{Operation: operation, Path: path, Status: answer.StatusCode, Text: strings.Join(texts, "; "),
		Address: plainAddress(c.Address()), Tokenless: !c.anonymous && c.vault.Token() == ""}
}

// addressing is what to do where nothing answers, by what says where Vault is.
func (c *Client) addressing() string {
	switch {
	case c.addressed:
		return "is the address that was given for Vault right and the server running?"
	case os.Getenv(vault.EnvVaultAddress) == "" && c.Address() == defaultAddress:
		return "VAULT_ADDR is not set and no address was given, so that Vault's default was tried: set one"
	}
	return "is VAULT_ADDR right and the server running?"
}

// defaultAddress is where Vault's client looks for a server that nobody named.
const defaultAddress = "https://127.0.0.1:8200"

// plainAddress is an address without the password that it may carry.
func plainAddress(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "the address that was given"
}

// Plain is a text of the server's as it may be shown: what a terminal would obey,
// or would not show, is replaced. Whoever serves it could else write over what a
// program said before, or the plan that somebody is asked to agree to.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case roster.Printable(string(r)):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return unicode.ReplacementChar
	}, text)
}

// plain undoes the list that Vault makes of errors from several places:
// "2 errors occurred:" and a line with a star for each.
func plain(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > 1 && strings.HasSuffix(lines[0], "occurred:") {
		lines = lines[1:]
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(line), "* ")
	}
	return Plain(strings.Join(lines, "; "))
}
