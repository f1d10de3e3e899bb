package backend

import (
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// maxName bounds what is said of a requester; core refuses longer texts.
const maxName = 200

// requesterOf says who calls, as Vault knows it. Entity names and aliases are
// chosen by whoever made them: they are shown as reported, and nothing is
// decided by them.
func (b *broker) requesterOf(req *logical.Request) exchange.Requester {
	who := exchange.Requester{Entity: req.EntityID, Accessor: req.ClientTokenAccessor, Name: req.DisplayName}
	if req.Connection != nil {
		who.Remote = printable(req.Connection.RemoteAddr)
	}
	if req.EntityID != "" {
		if entity, err := b.System().EntityInfo(req.EntityID); err == nil && entity != nil {
			who.Name = entityName(entity)
		}
	}
	who.Name = printable(who.Name)
	return who
}

func entityName(entity *logical.Entity) string {
	var aliases []string
	for _, a := range entity.Aliases {
		if a != nil && a.Name != "" && a.Name != entity.Name {
			aliases = append(aliases, a.Name)
		}
	}
	if len(aliases) == 0 {
		return entity.Name
	}
	return entity.Name + " (" + strings.Join(aliases, ", ") + ")"
}

// printable returns a text of which nothing can mislead on an approver's screen.
func printable(text string) string {
	clean := strings.Map(func(c rune) rune {
		if !approval.Printable(string(c)) {
			return '?'
		}
		return c
	}, text)
	for len(clean) > maxName {
		runes := []rune(clean)
		clean = string(runes[:len(runes)*maxName/len(clean)])
	}
	return clean
}
