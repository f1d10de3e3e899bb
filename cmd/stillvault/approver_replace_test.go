package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
)

// Whoever presses Ctrl-C while the broker is asked reads the same as at any other time.
func TestWaitingForReSharesIsInterruptedWhileTheBrokerIsAsked(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		interrupt()
		<-r.Context().Done()
	}))
	defer server.Close()
	a := &app{Terminal: terminal.New(strings.NewReader(""), io.Discard, io.Discard), address: server.URL}
	if _, err := a.waitingReshares(ctx, nil); !errors.Is(err, errReshareInterrupted) {
		t.Errorf("got %v", err)
	}
}
