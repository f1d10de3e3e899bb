package exchange_test

import (
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// Whoever reads with nothing but Vault's own command is told the code that their
// approvers have to type in.
func TestRequestersAreToldTheMatchCodeWhereThePolicyWantsIt(t *testing.T) {
	for name, wanted := range map[string]bool{"wanted": true, "not wanted": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, 2, func(_ *scene, p *roster.Policy) { p.MatchCode = wanted })
			a := ask()
			a.Wait = 10 * time.Second
			r := s.read(a)
			id := s.only()
			st, err := s.x.Get(id, nil)
			s.Must(err)
			code := ""
			if wanted {
				code = approval.MatchCode(st.Hash)
			}
			if st.MatchCode != code {
				t.Fatalf("the code is %q, want %q", st.MatchCode, code)
			}
			s.clock.advance(a.Wait)
			if wanted {
				r.fails(exchange.ErrWaiting, "; tell your approvers the code "+code)
			} else {
				r.fails(exchange.ErrWaiting)
			}
			s.Must(s.x.Cancel(t.Context(), id, nil))
			if st, err = s.x.Get(id, nil); err != nil || st.MatchCode != "" {
				t.Fatalf("told after the end: %v", err)
			}
		})
	}
}
