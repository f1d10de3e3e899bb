package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/plugins/admission"
	"github.com/stillvault/stillvault/plugins/broker"
)

func TestOnlyTheIDsThatVaultPrintsAreEntities(t *testing.T) {
	for id, good := range map[string]bool{
		aliceEntity: true, "6fb1a2c4-93d0-4d0e-8c1b-52a7f1d9e033": true,
		"alice": false, "6FB1A2C4-93D0-4D0E-8C1B-52A7F1D9E033": false, "6fb1a2c4-93d0-4d0e-8c1b-52a7f1d9e033 ": false,
		"6fb1a2c493d04d0e8c1b52a7f1d9e033": false, "6fb1a2c4-…": false, "": false, aliceEntity + "\n": false,
	} {
		err := entitiesHaveForm("alice", []string{aliceEntity, id})
		if good != (err == nil) || err != nil && !errors.Is(err, admission.ErrEntityForm) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestAnEntityThatVaultLacksIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		namespace string
		refused   bool
		warned    string
	}{
		"missing":                {status: http.StatusNotFound, refused: true},
		"missing in a namespace": {status: http.StatusNotFound, namespace: "team", warned: "could not be looked up"},
		"not to be read":         {status: http.StatusForbidden, warned: "could not be looked up"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, `{"errors":[]}`)
		}))
		client, err := broker.New(broker.Config{Address: server.URL, Token: "t"})
		if err != nil {
			t.Fatal(err)
		}
		client.Vault().SetNamespace(c.namespace)
		var said bytes.Buffer
		a := &app{Terminal: terminal.New(strings.NewReader(""), io.Discard, &said)}
		err = a.lookUpEntities(t.Context(), client, []string{aliceEntity})
		server.Close()
		if errors.Is(err, broker.ErrNoEntity) != c.refused || (err != nil) != c.refused || !strings.Contains(said.String(), c.warned) {
			t.Errorf("%s: %v, said %q", name, err, said.String())
		}
	}
}

func TestStatusNamesApproversWhoseEntityIsNone(t *testing.T) {
	w := coretest.NewWorld(t)
	w.Admit("alice", aliceEntity)
	w.Admit("bob")
	w.Admit("eve", carolEntity, "eve")
	problems := unlikeEntities(w.Roster)
	if len(problems) != 1 || !strings.Contains(problems[0], `approver eve is admitted with "eve"`) || !strings.Contains(problems[0], "approver set eve --entity") {
		t.Errorf("got %q", problems)
	}
}
