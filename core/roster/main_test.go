package roster_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// refusal is a statement that a roster must not take.
type refusal struct {
	name string
	kind roster.Kind
	body any
	want error
}

// refuse holds statements and their previews against what they are refused with,
// and checks that refusing them changed nothing.
func refuse(t *testing.T, w *coretest.World, all []refusal) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			before, people, policies := w.Roster.Head(), len(w.Roster.Approvers()), len(w.Roster.Policies())
			if _, err := w.Roster.Preview(c.kind, c.body, w.Now); !errors.Is(err, c.want) {
				t.Errorf("previewed: got %v, want %v", err, c.want)
			}
			if err := w.TryAppend(c.kind, c.body); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if w.Roster.Head() != before || len(w.Roster.Approvers()) != people || len(w.Roster.Policies()) != policies {
				t.Fatal("a refused statement changed the roster")
			}
		})
	}
}

// admission is a complete admission of somebody new, changed by edit.
func admission(w *coretest.World, edit func(*roster.ApproverAdmit)) roster.ApproverAdmit {
	id := envelope.NewID()
	public := keys(w, id, 1)
	b := roster.ApproverAdmit{
		ID: id, Name: "newcomer", Entities: []string{}, KEM: public.KEM, Signing: public.Signing,
		Generation: 1, Factors: []keyring.FactorKind{keyring.FactorPassword}, Recovery: true,
	}
	if edit != nil {
		edit(&b)
	}
	return b
}

func keys(w *coretest.World, approver envelope.ID, generation uint32) keyring.Public {
	k, err := keyring.New(w.Roster.Organisation(), approver, generation)
	w.Must(err)
	public, err := k.Public()
	w.Must(err)
	return public
}

func group(name string, members ...roster.Principal) roster.Group {
	return roster.Group{ID: envelope.NewID(), Name: name, Members: append([]roster.Principal{}, members...)}
}

func person(p *coretest.Person) roster.Principal {
	return roster.Principal{Kind: roster.PrincipalApprover, ID: p.ID}
}

func of(g roster.Group) roster.Principal {
	return roster.Principal{Kind: roster.PrincipalGroup, ID: g.ID}
}
