package acceptance

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Programs that TestMain built, by the environment variables that tell the tests
// where they are.
const (
	binVariable    = "STILLVAULT_TEST_BIN"     // directory of stillvault and the provider
	pluginVariable = "STILLVAULT_TEST_PLUGIN"  // the engine's plug-in
	programName    = "STILLVAULT_TEST_PROGRAM" // the binary that tf runs in a script
)

const (
	providerBinary = "terraform-provider-stillvault"
	engineBinary   = "vault-plugin-secrets-stillvault"
)

// TestMain builds what a release has, and lets scripts run tf and api.
func TestMain(m *testing.M) {
	testscript.Main(withBinaries{m}, map[string]func(){"api": callVault, "tf": runTerraform})
}

type withBinaries struct{ *testing.M }

// Run builds the binaries and runs the tests.
func (m withBinaries) Run() int {
	flag.Parse()
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "NOT TESTED with terraform and tofu: -short")
		return m.M.Run()
	}
	dir, err := os.MkdirTemp("", "stillvault-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "bin")
	for binary, source := range map[string]string{
		filepath.Join(bin, "stillvault"):   "../../../cmd/stillvault",
		filepath.Join(bin, providerBinary): "../..",
		filepath.Join(bin, "release"):      "../../../tools/release",
		filepath.Join(bin, "signer"):       "./testdata/signer",
		filepath.Join(dir, engineBinary):   "../../../vault-backend/cmd/" + engineBinary,
	} {
		if err := build(binary, source, ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	os.Setenv(binVariable, bin)
	os.Setenv(pluginVariable, filepath.Join(dir, engineBinary))
	return m.M.Run()
}

// build makes a binary, with further flags for the linker, which leaves out what is for
// debuggers: that takes it as long as all else.
func build(binary, source, flags string) error {
	out, err := exec.Command("go", "build", "-o", binary, "-ldflags", "-s -w "+flags, source).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(binary), err, out)
	}
	return nil
}

// program is a binary that runs configurations.
type program struct {
	name string // of the subtest, and on PATH
	env  string // names another binary
	make string // what builds or installs it
}

var programs = []program{
	{"terraform", "TERRAFORM_BIN", "install Terraform 1.11 or later"},
	{"tofu", "TOFU_BIN", "run `make tofu`"},
}

// find returns the binary, or ends the test: quietly nowhere, and in CI as a
// failure.
func (p program) find(t *testing.T) string {
	t.Helper()
	built, err := filepath.Abs(filepath.Join("../../../tools/bin", p.name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(built); err != nil {
		built = ""
	}
	path, err := exec.LookPath(cmp.Or(os.Getenv(p.env), built, p.name))
	if err == nil {
		return path
	}
	message := fmt.Sprintf("NOT TESTED with %s: %s, or name it by %s", p.name, p.make, p.env)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}
