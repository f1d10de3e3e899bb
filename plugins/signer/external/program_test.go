package external

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/signer"
)

// copySelf puts a program in a folder of its own. cp writes it, for a file that
// this process writes could be open in a child that another test forks, and then
// does not start.
func copySelf(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "signer")
	if out, err := exec.Command("cp", self, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func TestOpenPinsTheProgram(t *testing.T) {
	cases := map[string]struct {
		edit func(t *testing.T, path string)
		sum  []byte
		want error
	}{
		"untouched": {edit: func(*testing.T, string) {}},
		"one byte more": {want: signer.ErrChanged, edit: func(t *testing.T, path string) {
			appendTo(t, path)
		}},
		"another program": {want: signer.ErrChanged, edit: func(t *testing.T, path string) {
			replace(t, path)
		}},
		"another sum":           {sum: make([]byte, sha256.Size), want: signer.ErrChanged, edit: func(*testing.T, string) {}},
		"a sum too short":       {sum: selfSum[:31], want: signer.ErrAddress, edit: func(*testing.T, string) {}},
		"writable by the group": {want: ErrExposed, edit: mode(0o775)},
		"writable by all":       {want: ErrExposed, edit: mode(0o757)},
		"not to be run":         {want: signer.ErrUnavailable, edit: mode(0o600)},
		"gone":                  {want: signer.ErrUnavailable, edit: func(t *testing.T, path string) { must(t, os.Remove(path)) }},
		"a folder":              {want: signer.ErrUnavailable, edit: func(t *testing.T, path string) { must(t, os.Remove(path)); must(t, os.Mkdir(path, 0o700)) }},
		"a link to the same": {edit: func(t *testing.T, path string) {
			must(t, os.Rename(path, path+"-1"))
			must(t, os.Symlink(path+"-1", path))
		}},
		"a link to another program": {want: signer.ErrChanged, edit: func(t *testing.T, path string) { must(t, os.Remove(path)); must(t, os.Symlink("/bin/sh", path)) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path := copySelf(t)
			tc.edit(t, path)
			sum := selfSum
			if tc.sum != nil {
				sum = tc.sum
			}
			s, err := Open(t.Context(), path, sum, []string{"signer:good"}, signer.Options{Timeout: long})
			if tc.want != nil {
				if err == nil {
					s.Close()
					t.Fatal("opened")
				}
				wantError(t, err, tc.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := signs(s); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatWasHashedIsWhatRuns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: only Linux starts an open file; see command_other.go")
	}
	path := copySelf(t)
	p, err := openProgram(path, selfSum)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	replace(t, path) // after the hash and before the start
	cmd := p.command([]string{"signer:no plug-in"}, nil)
	out, _ := cmd.Output()
	if got := string(out); !strings.HasPrefix(got, "usage: frobnicate") {
		t.Errorf("another program ran: %q", got)
	}
}

func TestAScriptMayBeASigner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signer")
	script := "#!/bin/sh\necho \"what $1 says\" >&2\nexec '" + self + "' signer:good\n"
	must(t, os.WriteFile(path, []byte(script), 0o700))
	sum, err := sumOf(path)
	must(t, err)
	s, err := Open(t.Context(), path, sum, []string{"it"}, signer.Options{Timeout: long})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := signs(s); err != nil {
		t.Error(err)
	}
	eventually(t, "its words have arrived", func() bool { return s.(*running).voice.lastWords() == "what it says" })
}

func TestAProgramThatIsNotThereIsSaidToBeMissing(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "missing"), selfSum, nil, signer.Options{})
	wantError(t, err, signer.ErrUnavailable)
	if err == nil || !strings.Contains(err.Error(), "there is no such file") {
		t.Errorf("it says %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mode(m os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, path string) { must(t, os.Chmod(path, m)) }
}

func appendTo(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteString("\n")
	must(t, err)
	must(t, file.Close())
}

// replace puts another program at the path, as an upgrade, or an attacker, would.
func replace(t *testing.T, path string) {
	t.Helper()
	must(t, os.WriteFile(path+"-new", []byte("#!/bin/sh\necho replaced\n"), 0o700))
	must(t, os.Rename(path+"-new", path))
}
