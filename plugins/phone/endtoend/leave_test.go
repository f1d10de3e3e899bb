package endtoend

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
)

// secretsOf are the secrets that a phone stores, by what they are.
func (p *person) secretsOf() map[string]string {
	p.t.Helper()
	var record map[string]any
	if err := json.Unmarshal([]byte(p.kept("device")), &record); err != nil {
		p.t.Fatalf("what the phone keeps of itself is not JSON: %v\n%s", err, p.stored())
	}
	secrets := map[string]string{}
	for _, field := range []string{"kem_seed", "signing_seed", "row"} {
		text, ok := record[field].(string)
		if !ok || len(text) < 40 {
			p.t.Fatalf("the phone's record has no %s", field)
		}
		secrets[field] = text
	}
	var row map[string]any
	if err := json.Unmarshal([]byte(secrets["row"]), &row); err != nil {
		p.t.Fatal(err)
	}
	for _, field := range []string{"payload_ciphertext", "pk_envelope_ciphertext", "pwdpk_envelope_ciphertext"} {
		if text, ok := row[field].(string); ok {
			secrets["row's "+field] = strings.TrimPrefix(strings.TrimPrefix(text, `\x`), "0x")
		}
	}
	secrets["ticket"] = p.invitation.Ticket
	secrets["recovery key"] = p.recovery
	secrets["password"] = p.password
	return secrets
}

// found are the secrets that a text holds, in the forms in which bytes are
// written.
func found(secrets map[string]string, text string) []string {
	var names []string
	for name, secret := range secrets {
		forms := []string{secret}
		if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil {
			forms = append(forms, hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw))
		}
		for _, form := range forms {
			if strings.Contains(text, form) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// While enrolled, a phone keeps neither what opens the keyring nor what made it;
// after signing out it keeps nothing.
func TestSigningOutLeavesNothing(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	p.installed()
	path := s.policyFor(t, []string{p.name}) + "/db"
	password := s.store(t, path)
	p.approveOnce(path, password)
	secrets := p.secretsOf()
	before := p.stored()
	for _, name := range found(secrets, before) {
		if name == "ticket" || name == "recovery key" || name == "password" {
			t.Errorf("an enrolled phone keeps the %s", name)
		}
	}
	if len(found(map[string]string{"": secrets["kem_seed"]}, before)) == 0 || !strings.Contains(before, "cache ") {
		t.Fatal("the search does not find what is stored")
	}
	if strings.Contains(before, password) {
		t.Error("the phone keeps the value of a secret")
	}

	p.click("tab-settings")
	p.click("show-sign-out")
	p.fill("confirm-name", p.device)
	p.click("sign-out")
	p.awaitText("Signed out")
	after := p.stored()
	if left := found(secrets, after); len(left) > 0 {
		t.Errorf("after signing out there is still the %s", strings.Join(left, ", "))
	}
	for line := range strings.SplitSeq(after, "\n") {
		if strings.HasPrefix(line, "indexedDB ") || strings.HasPrefix(line, "localStorage ") || strings.HasPrefix(line, "sessionStorage ") {
			t.Errorf("after signing out there is still %.80s", line)
		}
	}
	p.open("about:blank")
	p.open(p.front.app())
	p.awaitScreen("welcome")
}

// The recovery check-up opens the keyring with the passkey, and with password
// and key, here and by what Vault keeps, and says which does not.
func TestTheRecoveryCheckUp(t *testing.T) {
	t.Parallel()
	s := embedded(t)
	p := s.enrolled(t, s.newFront(t), phoneOptions{})
	p.click("tab-settings")
	p.click("show-check")
	p.awaitScreen("check")
	p.click("check-passkey")
	p.awaitText("Your passkey opens the keyring.")
	p.fill("password", "not the password at all")
	p.fill("recovery", p.recovery)
	p.click("check")
	p.failure("wrong_factor")
	p.fill("password", p.password)
	p.fill("recovery", p.recovery)
	p.click("check")
	p.awaitText("Password and recovery key open the keyring, here and from the copy that Vault keeps for a new device.")
}
