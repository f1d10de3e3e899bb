package backend

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// elsewhere are named errors that cannot come out of a call to the broker.
var elsewhere = map[string]bool{
	"envelope.ErrRedacted": true,
	// Recovery-vault rows are opened on devices.
	"keyring.ErrFormat": true, "keyring.ErrVersion": true, "keyring.ErrKDFBounds": true, "keyring.ErrNoFactor": true,
	"keyring.ErrWrongFactor": true, "keyring.ErrPRFChanged": true, "keyring.ErrPassword": true,
	"errStored":             true, // a fault of storage, and 500
	"reshare.errPassedOver": true, // no error to who sent the deal
}

func TestEveryNamedErrorHasAStatus(t *testing.T) {
	table, err := os.ReadFile("answer.go")
	if err != nil {
		t.Fatal(err)
	}
	for dir, pkg := range map[string]string{
		".": "", "exchange": "exchange.", "reshare": "reshare.", "../core/envelope": "envelope.", "../core/keyring": "keyring.",
		"../core/roster": "roster.", "../core/secret": "secret.", "../core/approval": "approval.",
	} {
		names := namedErrors(t, dir)
		if len(names) == 0 {
			t.Errorf("%s declares no errors: this test does not see them", dir)
		}
		for _, name := range names {
			if !elsewhere[pkg+name] && !strings.Contains(string(table), "{"+pkg+name+",") {
				t.Errorf("%s%s has no status", pkg, name)
			}
		}
	}
}

// namedErrors returns the package-level errors that a package declares.
func namedErrors(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			vars, is := decl.(*ast.GenDecl)
			if !is || vars.Tok != token.VAR {
				continue
			}
			for _, spec := range vars.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(name.Name, "Err") || strings.HasPrefix(name.Name, "err") {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

func TestAnErrorIsWordedWithItsNameFirst(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{fmt.Errorf("%q: %w", "prod/db", errMissing), http.StatusNotFound, `secret_missing: nothing is stored at this path; write it first ("prod/db")`},
		{fmt.Errorf("seal: %w", secret.ErrWrapSet), http.StatusBadRequest, "wrap_set_invalid: the shares shown are not those that the author made; seal it again (seal)"},
		{exchange.ErrWaiting, http.StatusLocked, exchange.ErrWaiting.Error()},
	} {
		coded, is := answer(c.err).(logical.HTTPCodedError)
		if !is || coded.Code() != c.status || coded.Error() != c.text {
			t.Errorf("%v became %v", c.err, answer(c.err))
		}
	}
	if err := answer(fmt.Errorf("store: %w", logical.ErrReadOnly)); err != logical.ErrReadOnly {
		t.Errorf("Vault would not forward this: %v", err)
	}
	plain := errors.New("a fault")
	if err := answer(plain); err != plain {
		t.Errorf("a fault became %v", err)
	}
}
