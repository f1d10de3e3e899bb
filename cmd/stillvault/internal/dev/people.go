package dev

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/plugins/host"
)

// Person is somebody, or something, with a token.
type Person struct {
	Name   string `json:"name"`
	Token  string `json:"token"`
	Entity string `json:"entity"` // Vault's id of the identity behind the token, empty if none
}

// role is what a person may do on the mount. Reader and author could be the ACL
// policies of a real installation.
type role struct {
	name   string
	entity bool
	about  string
	rules  []host.Rule
}

// everyone may see who approves what, and how the mount stands.
var everyone = []host.Rule{
	{Path: Mount + "/mount", Capabilities: []string{"read"}},
	{Path: Mount + "/status", Capabilities: []string{"read"}},
	{Path: Mount + "/org/log", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/approvers/*", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/groups/*", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/policies/*", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/consumers/*", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/metadata/*", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/requests/*", Capabilities: []string{"read", "list", "delete"}},
}

var reader = append([]host.Rule{
	{Path: Mount + "/secret/*", Capabilities: []string{"read", "list"}},
	{Path: Mount + "/sealed/*", Capabilities: []string{"read"}},
	{Path: Mount + "/release/*", Capabilities: []string{"create", "update"}},
}, everyone...)

var author = append([]host.Rule{
	{Path: Mount + "/secret/*", Capabilities: []string{"create", "update", "delete", "list"}},
	{Path: Mount + "/sealed/*", Capabilities: []string{"create", "read", "update"}},
	{Path: Mount + "/undelete/*", Capabilities: []string{"create", "update"}},
	{Path: Mount + "/destroy/*", Capabilities: []string{"create", "update"}},
}, everyone...)

var administrator = []host.Rule{
	{Path: Mount + "/*", Capabilities: []string{"create", "read", "update", "delete", "list", "sudo"}},
	{Path: "sys/mounts", Capabilities: []string{"read"}},
	{Path: "identity/entity/id/*", Capabilities: []string{"read"}},
	{Path: "identity/entity/name/*", Capabilities: []string{"read"}},
}

// roles are the people of a development server. Alice and bob approve; their
// tokens only matter when they read something themselves.
var roles = []role{
	{"admin", false, "administers the mount", administrator},
	{"author", true, "writes secrets", author},
	{"carol", true, "reads secrets", reader},
	{"alice", true, "approves; reads secrets, but not by her own approval", reader},
	{"bob", true, "approves; reads secrets, but not by his own approval", reader},
	{"nobody", false, "reads nothing: the token has no identity behind it", reader},
}

// policy is the ACL policy, in Vault's language, that allows what rules allow.
func policy(rules []host.Rule) string {
	var b strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&b, "path %q { capabilities = [%s] }\n", r.Path, `"`+strings.Join(r.Capabilities, `", "`)+`"`)
	}
	return b.String()
}
