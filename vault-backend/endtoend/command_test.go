package endtoend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// vaultBinary looks for the vault command once. Where one is required, see
// vaultservertest.RequireEnv, its absence fails; elsewhere the cases that want
// it say loudly that they did not run.
var vaultBinary = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module's root: %w", err)
	}
	found, err := vaultserver.Find(context.Background(), strings.TrimSuffix(strings.TrimSpace(string(root)), "/go.mod"))
	return found.Path, err
})

// requireVault returns the vault command's path, or ends the test: with a
// failure where a Vault is required, else as not run.
func requireVault(t testing.TB) string {
	t.Helper()
	path, err := vaultBinary()
	switch {
	case err == nil:
		return path
	case errors.Is(err, vaultserver.ErrNoVault) && os.Getenv("CI") != "true" && os.Getenv(vaultservertest.RequireEnv) == "":
		// Not only in the log of -v: nobody is to believe that this ran.
		fmt.Fprintf(os.Stderr, "NOT RUN: %s: %v\n", t.Name(), err)
		t.Skipf("NOT RUN: %v", err)
	default:
		t.Fatal(err)
	}
	return ""
}

// failedCommand matches what the vault command prints of an answer that is not
// a success. It lists several errors on lines of their own.
var failedCommand = regexp.MustCompile(`(?s)Code: (\d+)\. Errors:\s*(.*)`)

// readWithCommand reads with the vault command.
func readWithCommand(ctx context.Context, t testing.TB, addr, token, path string, query url.Values) (answer, error) {
	args := []string{"read", "-format=json", mountPath + "/" + path}
	for name, values := range query {
		for _, value := range values {
			args = append(args, name+"="+value)
		}
	}
	cmd := exec.CommandContext(ctx, requireVault(t), args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	cmd.Env = append(os.Environ(), "VAULT_ADDR="+addr, "VAULT_TOKEN="+token, "HOME="+t.TempDir())
	err := cmd.Run()
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	if err == nil {
		return parseAnswer(200, out.Bytes())
	}
	match := failedCommand.FindSubmatch(complaint.Bytes())
	if match == nil {
		if bytes.Contains(complaint.Bytes(), []byte("No value found")) {
			return answer{status: 404, calls: 1}, nil
		}
		return answer{}, fmt.Errorf("vault read: %w\n%s", err, complaint.Bytes())
	}
	status, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return answer{}, err
	}
	text := strings.TrimPrefix(strings.TrimSpace(string(match[2])), "* ")
	return answer{status: status, text: text, calls: 1}, nil
}
