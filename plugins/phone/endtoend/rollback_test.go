package endtoend

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A log that is shorter than the one the phone has seen, or tells another story,
// stops everything on the phone: an old backup of the broker, restored, looks
// like this, and so does a broker that hides who was revoked.
func TestAnotherHistoryStopsThePhone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fork  bool
		alarm string
	}{
		"shorter": {false, "roster_rolled_back"},
		"forked":  {true, "roster_forked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ownSite(t, filepath.Join(t.TempDir(), "data"))
			p := s.enrolled(t, s.front, phoneOptions{})
			p.log.allow(`Failed to load resource|net::ERR_`)
			earlier := s.backup(t)
			path := s.policyFor(t, []string{p.name}) + "/db"
			password := s.store(t, path)
			p.approveOnce(path, password) // so the phone has seen the policy

			s.front.lie(dropAll) // or the phone might see the fork while it is shorter
			s.restore(t, earlier)
			if test.fork {
				s.home = earlier.home
				s.setPolicy(t, "elsewhere", []string{p.name})
				s.setPolicy(t, "elsewhere-too", []string{p.name})
			}
			s.front.lie(nil)
			p.awaitScreen("alarm")
			p.failure(test.alarm)
			if p.offers("approve") || p.offers("open-request") {
				t.Error("something can be approved while the alarm stands")
			}
			p.reload()
			p.awaitScreen("alarm")
			p.failure(test.alarm)
		})
	}
}

// backup is what a server and its signer were at a time.
type backup struct{ data, home string }

// backup copies a site of the test's own while it stands still.
func (s *site) backup(t testing.TB) backup {
	t.Helper()
	b := backup{data: filepath.Join(t.TempDir(), "data"), home: filepath.Join(t.TempDir(), "home")}
	fatal(t, s.stopHost())
	copyFile(t, s.data, b.data)
	if out, err := exec.Command("cp", "-a", s.home, b.home).CombinedOutput(); err != nil {
		t.Fatalf("copy the signer's home: %v: %s", err, out)
	}
	fatal(t, s.startHost())
	return b
}

// restore puts a backup of the server in place of what it is now.
func (s *site) restore(t testing.TB, b backup) {
	t.Helper()
	fatal(t, s.stopHost())
	copyFile(t, b.data, s.data)
	fatal(t, s.startHost())
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	fatal(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	fatal(t, err)
	_, err = io.Copy(out, in)
	fatal(t, err)
	fatal(t, out.Close())
}
