package exchange

import (
	"sync"
	"sync/atomic"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// code is the match code of a request whose policy wants one, which the requester
// tells the approvers. It is worked out when it is first asked for, since that takes
// 64 MiB for a moment on purpose, and is kept.
type code struct {
	wanted bool
	known  atomic.Pointer[string]
}

// working keeps to one code at a time, whoever asks.
var working sync.Mutex

// of returns the code of the request with a hash, empty where none is wanted. No lock
// is held.
func (c *code) of(request envelope.Hash) string {
	if !c.wanted {
		return ""
	}
	working.Lock()
	defer working.Unlock()
	if c.known.Load() == nil {
		text := approval.MatchCode(request)
		c.known.Store(&text)
	}
	return *c.known.Load()
}
