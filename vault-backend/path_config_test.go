package backend

import (
	"net/http"
	"strings"
	"testing"
)

func TestConfigHasDefaultsAndKeepsWhatIsNotGiven(t *testing.T) {
	r := newRig(t)
	c := r.do(read, "config", nil)
	if c["default_wait"] != uint32(50) || c["max_pending_entity"] != uint32(8) || c["max_pending"] != uint32(20000) || c["cooldown"] != uint32(300) || c["organisation"] != "" {
		t.Fatalf("defaults: %v", c)
	}
	r.do(update, "config", map[string]any{"default_wait": "20s", "max_pending": float64(5)})
	r.do(update, "config", map[string]any{"cooldown": "2m", "public_url": "https://approve.example.org"})
	r.start()
	c = r.do(read, "config", nil)
	if c["default_wait"] != uint32(20) || c["max_pending"] != uint32(5) || c["cooldown"] != uint32(120) || c["public_url"] != "https://approve.example.org" {
		t.Fatalf("after a restart: %v", c)
	}
}

func TestTheOrganisationIsPinnedOnce(t *testing.T) {
	r := newRig(t)
	id := r.Roster.Organisation().String()
	r.do(update, "config", map[string]any{"organisation": id})
	r.do(update, "config", map[string]any{"organisation": id})
	r.refused(update, "config", map[string]any{"organisation": strings.Repeat("ab", 32)}, http.StatusConflict, "organisation_pinned")
	if got := r.do(read, "config", nil)["organisation"]; got != id {
		t.Fatalf("pinned %v", got)
	}
}

func TestDrainEndsWithTheProcess(t *testing.T) {
	r := newRig(t)
	if on := r.do(update, "config", map[string]any{"drain": true})["drain"]; on != true {
		t.Fatal("not draining")
	}
	if on := r.do(read, "status", nil)["drain"]; on != true {
		t.Fatal("status does not show that the mount is draining")
	}
	r.start()
	if on := r.do(read, "config", nil)["drain"]; on != false {
		t.Fatal("draining after a restart")
	}
}

func TestTheAppsAddressIsOneThatHasPasskeys(t *testing.T) {
	r := newRig(t)
	for address, name := range map[string]string{
		"https://10.0.0.7:8200/v1/stillvault/app/": "public_url_ip_address", "https://[::1]/": "public_url_ip_address",
		"http://127.0.0.1:8200/": "public_url_ip_address", "https://2130706433/": "public_url_ip_address", "https://0x7f.1/": "public_url_ip_address",
		"http://approve.example.org/": "public_url_without_tls", "http://localhost.example.org/": "public_url_without_tls",
		"https:///app": "input_invalid",
	} {
		r.refused(update, "config", map[string]any{"public_url": address}, http.StatusBadRequest, name)
	}
	for _, address := range []string{"https://approve.example.org/", "https://10.example.org", "http://localhost:8200/v1/stillvault/app/", "http://approve.localhost/", ""} {
		if got := r.do(update, "config", map[string]any{"public_url": address})["public_url"]; got != address {
			t.Errorf("%s: %v", address, got)
		}
	}
}
