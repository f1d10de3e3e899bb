package origin

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/core/approval"
)

func TestTheCallingProgramIsNamedWithItsHash(t *testing.T) {
	got, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	if got.Host == "" || got.Executable == "" || got.ExecutableHash.IsZero() || got.UID != int64(os.Getuid()) {
		t.Fatalf("host %q, executable %q, hash %s, uid %d", got.Host, got.Executable, got.ExecutableHash, got.UID)
	}
	want := os.Getpid()
	if runtime.GOOS == "linux" {
		want = os.Getppid()
	}
	if got.PID != int64(want) {
		t.Fatalf("process %d, want %d", got.PID, want)
	}
	if got.Reported {
		t.Fatal("a host speaks for itself, nobody reports it")
	}
}

func TestThisProgramStandsInWhereTheCallerIsNotKnown(t *testing.T) {
	got, err := own()
	if err != nil {
		t.Fatal(err)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got.Path != path || got.Hash.IsZero() || got.PID != int64(os.Getpid()) {
		t.Fatalf("path %q, process %d", got.Path, got.PID)
	}
}

func TestTextsFitARequest(t *testing.T) {
	for _, s := range []string{"/usr/bin/psql", "/tmp/\u202egnp.exe", "/x\n/y", strings.Repeat("/é", 300), "\xff"} {
		got := shown(s)
		if len(got) > maxText || !approval.Printable(got) {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := shown("/usr/bin/psql"); got != "/usr/bin/psql" {
		t.Errorf("got %q", got)
	}
}
