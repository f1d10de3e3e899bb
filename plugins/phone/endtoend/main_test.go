// Package endtoend drives the phone app as its users do: the built stillvault
// command, the built plug-in on the development host and on a real Vault, and
// the app in a real Chromium with a virtual authenticator.
//
// A [site] is a server with an organisation in it, a [front] is the origin under
// which a browser sees the server and can be told to lie, and a [phone] is one
// browser profile with one authenticator. What the browser logged of every page
// is held to what the app promises when a test ends; see [pageLog].
package endtoend

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

const (
	pluginName = "vault-plugin-secrets-stillvault"
	mountPath  = "stillvault"
)

// The programs under test, built once.
var (
	pluginBinary  string
	commandBinary string
)

func TestMain(m *testing.M) {
	// Phones wait for polls and for one another more than they compute.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if testing.Short() {
		fmt.Println("-short: the phone app is NOT TESTED in a browser; leave -short out for that")
	}
	defer closeShared()
	return m.Run()
}

// buildPrograms builds them when the first test asks for a server; what needs
// none, such as the gallery, does not wait for it.
var buildPrograms = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "stillvault-phone-")
	if err != nil {
		return err
	}
	atTheEnd(func() error { return os.RemoveAll(dir) })
	pluginBinary = filepath.Join(dir, pluginName)
	commandBinary = filepath.Join(dir, "stillvault")
	for binary, source := range map[string]string{
		pluginBinary:  "../../../vault-backend/cmd/" + pluginName,
		commandBinary: "../../../cmd/stillvault",
	} {
		if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
	}
	return nil
})

// needsBrowser leaves a test out where -short asks for it.
func needsBrowser(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT TESTED: -short leaves out what needs a browser")
	}
}

// missing ends a test for which this machine lacks something: it fails where
// everything is to be tested, and is skipped, saying so, elsewhere.
func missing(t testing.TB, what, remedy string) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("STILLVAULT_REQUIRE_VAULT") != "" {
		t.Fatalf("%s is missing; %s", what, remedy)
	}
	t.Skipf("NOT TESTED: %s is missing; %s", what, remedy)
}

// shared ends what all tests use: servers, browser, programs.
var shared struct {
	sync.Mutex
	ends []func() error
}

// atTheEnd has something done after the last test.
func atTheEnd(end func() error) {
	shared.Lock()
	defer shared.Unlock()
	shared.ends = append(shared.ends, end)
}

func closeShared() {
	shared.Lock()
	defer shared.Unlock()
	for _, end := range slices.Backward(shared.ends) {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, "closing:", err)
		}
	}
}
