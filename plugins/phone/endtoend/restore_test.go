package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// saveBlobs keeps the text of what a page saves as a file.
const saveBlobs = `(() => {
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => { blob.text().then((text) => { globalThis.__saved = text; }); return create.call(URL, blob); };
})();`

// Who lost their phone comes back with recovery key and password, by what Vault
// keeps or by the backup file; either alone is not enough.
func TestALostPhoneIsRestored(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		file bool
	}{{"from Vault", false}, {"from the backup file", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := embedded(t)
			front := s.newFront(t)
			lost := s.invited(t, front, phoneOptions{scripts: []string{saveBlobs}})
			lost.openLink()
			lost.nameDevice()
			lost.makePasskey()
			lost.setPassword()
			backup := filepath.Join(t.TempDir(), "backup.json")
			if test.file {
				lost.click("save-backup")
				lost.awaitTrue("the backup file", `typeof globalThis.__saved === 'string'`)
				fatal(t, os.WriteFile(backup, []byte(get[string](lost.phone, `globalThis.__saved`)), 0o600))
			}
			lost.confirmSheet()
			lost.admit()
			path := s.policyFor(t, []string{lost.name}) + "/db"
			password := s.store(t, path)

			p := *lost
			p.phone = newPhone(t, phoneOptions{})
			p.log.allow(`Failed to load resource`)
			p.device = p.name + "-new-phone"
			p.open(front.app())
			p.awaitScreen("welcome")
			p.click("show-restore")
			p.awaitScreen("restore")
			if test.file {
				p.choose("backup", backup)
			}
			p.fill("recovery", lost.recovery)
			p.fill("password", "not the password at all")
			p.click("restore")
			p.failure("wrong_factor")
			p.fill("recovery", lost.recovery)
			p.fill("password", lost.password)
			p.click("restore")
			p.awaitScreen("invited")
			p.nameDevice()
			p.makePasskey()
			p.password = "another battery staple"
			p.setPassword()
			p.confirmSheet()
			p.admit()
			p.approveOnce(path, password)
		})
	}
}

// choose picks a file for an input, which may be folded away.
func (p *phone) choose(name, file string) {
	p.t.Helper()
	p.must(p.within(patience, chromedp.SetUploadFiles(chromedp.CSS(`input[name="`+name+`"]`), []string{file}, chromedp.NodeReady)))
}
