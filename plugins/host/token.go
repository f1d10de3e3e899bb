package host

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// Token is one token that the host accepts. It never expires.
type Token struct {
	// ID is the secret that clients send. It must not be empty.
	ID string
	// DisplayName is what Vault would compose from the auth method and the user,
	// for example "userpass-alice"; "root" or "token" when empty.
	DisplayName string
	// Entity is the identity behind the token. Nil for a token without one, as
	// root and batch tokens are in Vault. Tokens may share an entity.
	Entity *Entity
	// Root allows everything, sudo paths and sys/mounts included.
	Root bool
	// Rules allow what they list and nothing else. A token that is not root and
	// has no rules may do everything within the mount except on sudo paths.
	Rules []Rule
}

// Entity is what the plug-in learns about the holder of a token.
type Entity struct {
	ID      string
	Name    string
	Aliases []Alias
}

// Alias is one account of an entity at an auth method.
type Alias struct {
	Name          string
	MountType     string // for example "userpass"
	MountAccessor string // for example "auth_userpass_1a2b3c4d"
}

// tokens are the accepted tokens, found by their salted hash so that the table
// holds no secret and look-up time says nothing about one.
type tokens struct {
	salt     []byte
	byHash   map[string]*tokenEntry
	entities map[string]*logical.Entity
}

type tokenEntry struct {
	Token
	accessor string
}

// newTokens checks list. The salt keeps accessors the same from one start over
// the same data to the next.
func newTokens(salt []byte, list []Token) (*tokens, error) {
	t := &tokens{salt: salt, byHash: map[string]*tokenEntry{}, entities: map[string]*logical.Entity{}}
	for i, token := range list {
		if err := t.add(token); err != nil {
			return nil, fmt.Errorf("%w: token %d: %w", ErrConfig, i+1, err)
		}
	}
	return t, nil
}

func (t *tokens) add(token Token) error {
	if token.ID == "" {
		return fmt.Errorf("it is empty")
	}
	hash := saltedID(t.salt, "token", token.ID)
	if t.byHash[hash] != nil {
		return fmt.Errorf("it is listed twice")
	}
	for _, rule := range token.Rules {
		if err := rule.check(); err != nil {
			return err
		}
	}
	if token.DisplayName == "" {
		token.DisplayName = "token"
		if token.Root {
			token.DisplayName = "root"
		}
	}
	if token.Entity != nil {
		if err := t.addEntity(token.Entity); err != nil {
			return err
		}
	}
	t.byHash[hash] = &tokenEntry{Token: token, accessor: saltedID(t.salt, "accessor", token.ID)[:24]}
	return nil
}

func (t *tokens) addEntity(e *Entity) error {
	if e.ID == "" || e.Name == "" {
		return fmt.Errorf("its entity needs an ID and a name")
	}
	entity := &logical.Entity{ID: e.ID, Name: e.Name, NamespaceID: "root"}
	for i, alias := range e.Aliases {
		entity.Aliases = append(entity.Aliases, &logical.Alias{
			ID:            saltedID(t.salt, "alias", fmt.Sprintf("%s/%d", e.ID, i))[:32],
			Name:          alias.Name,
			MountType:     alias.MountType,
			MountAccessor: alias.MountAccessor,
			NamespaceID:   "root",
		})
	}
	if known := t.entities[e.ID]; known != nil && !reflect.DeepEqual(known, entity) {
		return fmt.Errorf("entity %q is described in two ways", e.ID)
	}
	t.entities[e.ID] = entity
	return nil
}

// find returns the token with this ID, or nil.
func (t *tokens) find(id string) *tokenEntry {
	if id == "" {
		return nil
	}
	return t.byHash[saltedID(t.salt, "token", id)]
}

// hidden is what the plug-in sees in place of a token: stable, and of no use to
// anyone. As in Vault, no token at all gives one, too.
func (t *tokens) hidden(id string) string { return saltedID(t.salt, "client", id) }

// saltedID is HMAC-SHA-256 under salt over a purpose and a value, in hexadecimal.
func saltedID(salt []byte, purpose, value string) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(purpose + "\x00" + value))
	return hex.EncodeToString(mac.Sum(nil))
}

// entityID is the ID of the entity behind the token, "" when it has none.
func (e *tokenEntry) entityID() string {
	if e.Entity == nil {
		return ""
	}
	return e.Entity.ID
}

// policies names what the token may do, in the words of Vault's token look-up.
func (e *tokenEntry) policies() []string {
	switch {
	case e.Root:
		return []string{"root"}
	case len(e.Rules) > 0:
		return []string{"default", "rules"}
	default:
		return []string{"default", "mount"}
	}
}

// Rule allows operations on paths, as a stanza of a Vault policy does, but more
// simply: all matching rules add up, and a "deny" among them wins over the rest.
type Rule struct {
	// Path is the full API path without "v1/", for example "stillvault/secret/*".
	// "+" stands for one segment, a trailing "*" for any rest.
	Path string
	// Capabilities are Vault's: create, read, update, patch, delete, list, sudo, deny.
	Capabilities []string
}

var capabilities = []string{"create", "read", "update", "patch", "delete", "list", "sudo", "deny"}

func (r Rule) check() error {
	if r.Path == "" {
		return fmt.Errorf("a rule has no path")
	}
	for _, capability := range r.Capabilities {
		if !slices.Contains(capabilities, capability) {
			return fmt.Errorf("capability %q of the rule for %q is unknown; there are %s",
				capability, r.Path, strings.Join(capabilities, ", "))
		}
	}
	return nil
}

// allows reports whether the token may do operation on path, a full API path
// under mountPath or elsewhere. sudo says that path is root-protected.
func (e *tokenEntry) allows(operation logical.Operation, path, mountPath string, sudo bool) bool {
	switch {
	case e.Root, operation == logical.HelpOperation:
		return true
	case operation == logical.HeaderOperation, operation == "": // no capability of Vault's grants these
		return false
	case len(e.Rules) == 0:
		return strings.HasPrefix(path, mountPath) && !sudo
	}

	var granted []string
	for _, rule := range e.Rules {
		// A list arrives with a slash that rules usually leave out.
		if matchGlob(rule.Path, path) || operation == logical.ListOperation && matchGlob(rule.Path, strings.TrimSuffix(path, "/")) {
			granted = append(granted, rule.Capabilities...)
		}
	}
	if slices.Contains(granted, "deny") || sudo && !slices.Contains(granted, "sudo") {
		return false
	}
	return slices.Contains(granted, string(operation))
}
