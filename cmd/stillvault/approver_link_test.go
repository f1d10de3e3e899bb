package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

func TestLinksLeadToTheAppAndToTheMount(t *testing.T) {
	const api = "https://vault.example:8200/v1/stillvault"
	encoded := "~" + envelope.Bytes(api).String()
	for name, c := range map[string]struct{ public, base, link string }{
		"the mount's own":                 {"https://vault.example:8200/v1/stillvault/app/", api, "https://vault.example:8200/v1/stillvault/app/#sv1.x"},
		"without the last slash":          {"https://vault.example:8200/v1/stillvault/app", api, "https://vault.example:8200/v1/stillvault/app/#sv1.x"},
		"by another name":                 {"https://secrets.example/v1/stillvault/app/", api, "https://secrets.example/v1/stillvault/app/#sv1.x"},
		"another mount's":                 {"https://vault.example:8200/v1/other/app/", api, "https://vault.example:8200/v1/other/app/#sv1.x" + encoded},
		"an origin of its own":            {"https://approve.example", api, "https://approve.example/#sv1.x" + encoded},
		"an origin of its own, in a path": {"https://example/approve/", api, "https://example/approve/#sv1.x" + encoded},
	} {
		t.Run(name, func(t *testing.T) {
			link, err := appLink(c.public, c.base, "sv1.x")
			if err != nil || link != c.link {
				t.Fatalf("got %s, want %s (%v)", link, c.link, err)
			}
			t.Setenv("VAULT_ADDR", "")
			t.Setenv(broker.MountVariable, "")
			a := &app{}
			if ticket := a.takeLink(link); ticket != "sv1.x" {
				t.Fatalf("read back %q", ticket)
			}
			server, mount := "https://vault.example:8200", "stillvault"
			if !strings.Contains(link, "~") {
				server, _, _ = strings.Cut(link, "/v1/")
			}
			if a.address != server || a.mount != mount {
				t.Fatalf("the terminal speaks to %s, mount %s", a.address, a.mount)
			}
		})
	}
}

func TestALinkThatNoPhoneCanUseIsWarnedOf(t *testing.T) {
	const own, api = "https://approve.example/", "https://vault.example:8200/v1/stillvault"
	for name, c := range map[string]struct{ public, base, warning string }{
		"of its own":             {own, api, ""},
		"the mount's":            {api + "/app/", api, ""},
		"the mount's, from here": {api + "/app/", "http://127.0.0.1:8200/v1/stillvault", ""},
		"an IP address":          {"https://10.0.0.7:8200/v1/stillvault/app/", api, "no passkeys at an IP address"},
		"this machine's":         {"http://localhost:8200/", api, "which no other machine reaches"},
		"without TLS":            {"http://approve.example/", api, "on https only"},
		"Vault on this machine":  {own, "https://127.0.0.1:8200/v1/stillvault", "VAULT_ADDR as the phone sees it"},
		"another mount's copy":   {"https://vault.example:8200/v1/other/app/", "http://localhost:8200/v1/stillvault", "VAULT_ADDR as the phone sees it"},
		"Vault without TLS":      {own, "http://vault.example:8200/v1/stillvault", "may not call"},
	} {
		var said bytes.Buffer
		a := &app{Terminal: terminal.New(strings.NewReader(""), io.Discard, &said)}
		a.warnLink(c.public, c.base)
		if got := said.String(); !strings.Contains(got, c.warning) || c.warning == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestALinkDoesNotOverrideWhatIsSaid(t *testing.T) {
	t.Setenv("VAULT_ADDR", "https://mine.example")
	t.Setenv(broker.MountVariable, "mine")
	for _, text := range []string{
		"https://vault.example/v1/stillvault/app/#sv1.x", "https://approve.example/#sv1.x~" + envelope.Bytes("https://vault.example/v1/stillvault").String(), "sv1.x",
	} {
		a := &app{}
		if ticket := a.takeLink(text); ticket != "sv1.x" || a.address != "" || a.mount != "" {
			t.Errorf("%s: %q, address %q, mount %q", text, ticket, a.address, a.mount)
		}
	}
	if text := (&app{}).takeLink("https://approve.example/#sv1.x~!"); text == "sv1.x" {
		t.Error("a damaged link passes for a ticket")
	}
}

func TestWhatIsNoTicketSaysWhatToPaste(t *testing.T) {
	for _, text := range []string{"stillvault approver join", "sv1.", "sv1.AAAA", "https://vault.example/v1/stillvault/app/"} {
		if _, err := (&app{}).takeTicket(text); !errors.Is(err, envelope.ErrEncoding) || !strings.Contains(err.Error(), "begins with sv1") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNoTokenIsSentWhereALinkLeads(t *testing.T) {
	var tokens []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("X-Vault-Token"))
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer server.Close()
	t.Setenv("VAULT_ADDR", "")
	t.Setenv("VAULT_TOKEN", "hvs.mine")
	t.Setenv(broker.MountVariable, "")
	ticket := roster.NewTicket(envelope.SumHash([]byte("organisation")), envelope.NewID(), envelope.NewID(), "alice", envelope.At(time.Now().Add(time.Hour)))
	text, err := ticket.Reveal()
	if err != nil {
		t.Fatal(err)
	}
	link := server.URL + "/v1/stillvault/app/#" + text
	var out, said bytes.Buffer
	run([]string{"approver", "join", "--no-recovery", "--home", t.TempDir(), link}, strings.NewReader(""), &out, &said)
	if len(tokens) == 0 {
		t.Fatalf("nothing was asked of the link's server: %s", said.String())
	}
	for _, token := range tokens {
		if token != "" {
			t.Fatalf("the link's server was shown the token %q", token)
		}
	}
}

func TestTheAPIsAddressHasItsNamespace(t *testing.T) {
	settings := vault.DefaultConfig()
	settings.Address = "https://vault.example:8200"
	client, err := vault.NewClient(settings)
	if err != nil {
		t.Fatal(err)
	}
	client.SetNamespace("team/a/")
	c, err := broker.New(broker.Config{Client: client, Mount: "stillvault"})
	if err != nil {
		t.Fatal(err)
	}
	if base := apiBase(c); base != "https://vault.example:8200/v1/team/a/stillvault" {
		t.Fatalf("got %s", base)
	}
}

// TestQRCodesFitATerminal measures the longest links that are to fit 80 columns:
// a host of 30 characters and a name of 8.
func TestQRCodesFitATerminal(t *testing.T) {
	host := strings.Repeat("h", 22) + ".example"
	ticket := roster.NewTicket(envelope.SumHash(nil), envelope.NewID(), envelope.NewID(), "margaret", envelope.At(time.Now()))
	text, err := ticket.Reveal()
	if err != nil {
		t.Fatal(err)
	}
	base := "https://" + host + ":8200/v1/stillvault"
	for name, public := range map[string]string{"the mount's app": base + "/app/", "an origin of its own": "https://approve" + host[7:]} {
		link, err := appLink(public, base, text)
		if err != nil {
			t.Fatal(err)
		}
		lines, width := qrCode(link)
		t.Logf("%s: %d characters, %d columns, %d lines", name, len(link), width, len(lines))
		if width >= 80 {
			t.Errorf("%s: the QR code of %d characters takes %d columns", name, len(link), width)
		}
		for _, line := range lines {
			if n := len([]rune(line)); n != width {
				t.Errorf("a line of %d columns among those of %d", n, width)
			}
		}
	}
}
