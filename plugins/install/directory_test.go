package install_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/install"
)

// away is a client that an installer does not take for one of this host: the
// unspecified address leads here and is none of the loopback addresses.
func (s *site) away() *api.Client {
	s.t.Helper()
	client, err := s.Client()
	s.must(err)
	port := s.Addr()[strings.LastIndex(s.Addr(), ":"):]
	s.must(client.SetAddress("http://0.0.0.0" + port))
	return client
}

func TestThePluginDirectoryMustBeUsable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := s.PluginDir()
	binary := plugin(t, older)
	elsewhere := t.TempDir()

	_, _, err := s.try(install.Options{Binary: binary, PluginDir: elsewhere})
	refused(t, err, install.ErrPluginDirOther, dir, elsewhere)
	_, _, err = s.try(install.Options{Binary: binary, PluginDir: filepath.Join(elsewhere, "nothing")})
	refused(t, err, install.ErrPluginDirMissing)

	s.must(os.Remove(dir))
	_, _, err = s.try(install.Options{Binary: binary})
	refused(t, err, install.ErrPluginDirMissing, dir)

	s.must(os.WriteFile(dir, nil, 0o600))
	_, _, err = s.try(install.Options{Binary: binary})
	refused(t, err, install.ErrPluginDirMissing, "not a directory")
	s.must(os.Remove(dir))

	s.must(os.Symlink(elsewhere, dir))
	_, _, err = s.try(install.Options{Binary: binary})
	refused(t, err, install.ErrPluginDirLink, "leads to", "real directory")

	// Where the directory's name in Vault may not be read, Vault itself refuses.
	in := s.installer(s.with(onlyFresh), install.Options{Binary: binary, PluginDir: elsewhere})
	plan, err := in.Plan(context.Background())
	s.must(err)
	_, err = in.Apply(context.Background(), plan)
	refused(t, err, install.ErrPluginDirLink, "cannot execute files outside")
}

// onlyFresh are the rights that a first installation takes, and no more.
const onlyFresh = `
path "sys/mounts" { capabilities = ["read"] }
path "sys/mounts/stillvault" { capabilities = ["update"] }
path "sys/plugins/catalog/secret/*" { capabilities = ["read", "update", "sudo"] }
path "stillvault/mount" { capabilities = ["read"] }
`

// copyTo puts a program into a directory as an operator would.
func copyTo(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	program, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeProgram(t, to, program, mode)
}

func TestAVaultWithoutAPluginDirectory(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, vaultserver.Options{Storage: vaultserver.InMemory, NoPlugins: true})
	in := s.installer(s.client, install.Options{Binary: plugin(t, older)})
	plan, err := in.Plan(context.Background())
	s.must(err)
	_, err = in.Apply(context.Background(), plan)
	refused(t, err, install.ErrNoPluginDir, "plugin directory is not configured", "restart Vault")
}

func TestOnARemoteVaultTheOperatorCopies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	binary := plugin(t, older)
	placed := filepath.Join(s.PluginDir(), install.PluginName+"_"+older)
	in := s.installer(s.with(onlyFresh), install.Options{Binary: binary})
	plan, err := in.Plan(context.Background())
	s.must(err)
	told := strings.Join(plan.Before, "\n")
	for _, want := range []string{"not on this host", binary, install.PluginName + "_" + older, "mode 0755", sumOf(t, binary), "plugin_directory", "every node"} {
		if !strings.Contains(told, want) {
			t.Errorf("it does not tell %q: %s", want, told)
		}
	}
	if plan.CopyTo != "" {
		t.Errorf("it would copy to %s", plan.CopyTo)
	}
	if _, err = in.Apply(context.Background(), plan); err == nil {
		t.Fatal("it installed what is not there")
	}
	refused(t, err, install.ErrBinaryMissing, "every node")

	// Vault runs nothing but what was registered: another file is noticed.
	copyTo(t, plugin(t, newer), placed, 0o755)
	_, err = in.Apply(context.Background(), plan)
	refused(t, err, install.ErrChecksum, "copy the plug-in there again")
	s.must(os.Remove(placed))
	copyTo(t, binary, placed, 0o644)
	_, err = in.Apply(context.Background(), plan)
	refused(t, err, install.ErrNotExecutable, "0755")

	s.must(os.Chmod(placed, 0o755))
	_, err = in.Apply(context.Background(), plan)
	s.must(err)
	s.runs("stillvault", older)
}

func TestANoteTellsTheDirectoryAndTheNodes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plan, err := s.installer(s.away(), install.Options{Binary: plugin(t, older)}).Plan(context.Background())
	s.must(err)
	host, err := os.Hostname()
	s.must(err)
	told := strings.Join(plan.Before, "\n")
	if plan.CopyTo != "" || !strings.Contains(told, s.PluginDir()) || !strings.Contains(told, host) {
		t.Errorf("copies to %q, tells %q; want the directory %s and the node %s", plan.CopyTo, told, s.PluginDir(), host)
	}
}

func TestUpgradeWithAWrongFileOnTheNodeTouchesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.install(plugin(t, older))
	copyTo(t, script(t, newer, "exit 1"), filepath.Join(s.PluginDir(), install.PluginName+"_"+newer), 0o755)
	in := s.installer(s.away(), install.Options{Binary: plugin(t, newer)})
	plan, err := in.Plan(context.Background())
	s.must(err)
	_, err = in.Apply(context.Background(), plan)
	refused(t, err, install.ErrChecksum, "nothing was switched", "runs v0.1.0 as before")
	s.runs("stillvault", older)
}
