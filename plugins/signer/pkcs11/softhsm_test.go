package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/external"
)

const pin = "13572468"

// hsm is the built signer, and SoftHSM with two tokens.
type hsm struct {
	program string
	sum     []byte
	module  string
	config  string
	tokens  string
	pinFile string
}

// newHSM builds the signer with C and makes the tokens. The tests themselves are
// built without C, as all programs but this one are.
func newHSM(t *testing.T) *hsm {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT RUN with -short: it builds a program with C")
	}
	find := exec.Command("../../../tools/softhsm.sh", "find")
	if os.Getenv("CI") == "true" { // what is missing is installed there
		find.Args = find.Args[:1]
	}
	out, err := find.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("SoftHSM cannot be had: %v", err)
		}
		t.Skipf("NOT TESTED with a token, for there is no SoftHSM; CI fails here: %v", err)
	}
	dir := t.TempDir()
	h := &hsm{
		program: filepath.Join(dir, "stillvault-signer-pkcs11"),
		module:  strings.TrimSpace(string(out)),
		config:  filepath.Join(dir, "softhsm2.conf"),
		tokens:  filepath.Join(dir, "tokens"),
		pinFile: filepath.Join(dir, "pin"),
	}
	build(t, h.program, ".")
	program, err := os.ReadFile(h.program)
	must(t, err)
	sum := sha256.Sum256(program)
	h.sum = sum[:]
	must(t, os.Chmod(h.program, 0o755))
	must(t, os.Mkdir(h.tokens, 0o700))
	must(t, os.WriteFile(h.config, []byte("directories.tokendir = "+h.tokens+"\nobjectstore.backend = file\n"), 0o600))
	must(t, os.WriteFile(h.pinFile, []byte(pin+"\n"), 0o600))

	maker := filepath.Join(dir, "token")
	build(t, maker, "./testdata/token")
	h.make(t, maker, "organisation", "identity:a", "careful:b:always", "twice:c", "twice:d")
	h.make(t, maker, "another", "identity:a")
	return h
}

func build(t *testing.T, to, folder string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", to, folder)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s with C: %v\n%s", folder, err, out)
	}
}

func (h *hsm) make(t *testing.T, maker, label string, keys ...string) {
	t.Helper()
	cmd := exec.Command(maker, append([]string{h.module, label, pin}, keys...)...)
	cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+h.config)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// open opens the signer with further arguments.
func (h *hsm) open(t *testing.T, args ...string) (signer.Signer, error) {
	t.Helper()
	all := append([]string{"--module=" + h.module, "--setenv=SOFTHSM2_CONF=" + h.config}, args...)
	s, err := external.Open(t.Context(), h.program, h.sum, all, signer.Options{Timeout: time.Minute})
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func (h *hsm) mustOpen(t *testing.T, args ...string) signer.Signer {
	t.Helper()
	s, err := h.open(t, append(args, "--pin-file="+h.pinFile)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestATokenSigns(t *testing.T) {
	h := newHSM(t)
	t.Run("an organisation's log", func(t *testing.T) {
		for _, key := range []string{"identity", "careful"} {
			founds(t, h.mustOpen(t, "--token=organisation", "--key="+key))
		}
	})
	t.Run("with the key that is named", func(t *testing.T) {
		identity := h.mustOpen(t, "--token=organisation", "--key=identity").Public()
		if got := h.mustOpen(t, "--token=organisation", "--id=61").Public(); got != identity {
			t.Error("by its id it is another key than by its label")
		}
		if got := h.mustOpen(t, "--token=another", "--key=identity").Public(); got == identity {
			t.Error("two tokens have the same key")
		}
		if c, d := h.mustOpen(t, "--token=organisation", "--key=twice", "--id=63"), h.mustOpen(t, "--token=organisation", "--key=twice", "--id=64"); c.Public() == d.Public() {
			t.Error("two ids are the same key")
		}
	})
	t.Run("statements only", func(t *testing.T) {
		_, err := h.mustOpen(t, "--token=organisation", "--key=identity").Sign(envelope.TypeReceipt, []byte("{}"))
		if !errors.Is(err, signer.ErrRefused) {
			t.Errorf("a receipt: %v", err)
		}
	})
	t.Run("with the PIN of the environment", func(t *testing.T) {
		t.Setenv(pinVariable, pin)
		s, err := h.open(t, "--token=organisation", "--key=identity")
		must(t, err)
		founds(t, s)
	})
	t.Run("not", func(t *testing.T) { h.refuses(t) })
	t.Run("not once it is gone", func(t *testing.T) {
		s := h.mustOpen(t, "--token=organisation", "--key=identity")
		founds(t, s)
		must(t, os.RemoveAll(h.tokens))
		if _, err := s.Sign(envelope.TypeStatement, statement(t)); !errors.Is(err, signer.ErrUnavailable) {
			t.Errorf("the token was removed: %v", err)
		}
	})
}

// founds signs the first statements of a log and reads them as everybody would.
func founds(t *testing.T, s signer.Signer) {
	t.Helper()
	now := time.Now()
	recovery := envelope.NewSigningKey(envelope.NewKey())
	defer recovery.Wipe()
	first, err := roster.Found(s, recovery.Public(), now)
	must(t, err)
	r, err := roster.Fold(envelope.Hash{}, []envelope.Signed{first})
	must(t, err)
	next, err := r.Next(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(now.Add(time.Hour))}, now, s)
	must(t, err)
	must(t, r.Append(next))
}

func statement(t *testing.T) []byte {
	t.Helper()
	payload, err := envelope.Encode(roster.Statement{Kind: roster.KindCheckpoint, Body: []byte("{}")})
	must(t, err)
	return payload
}

func (h *hsm) refuses(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "pin")
	must(t, os.WriteFile(wrong, []byte("00000000"), 0o600))
	exposed := filepath.Join(t.TempDir(), "pin")
	must(t, os.WriteFile(exposed, []byte(pin), 0o644))
	token, key, file := "--token=organisation", "--key=identity", "--pin-file="+h.pinFile
	cases := map[string]struct {
		args []string
		says string
	}{
		"with another PIN":              {[]string{token, key, "--pin-file=" + wrong}, "the PIN is wrong"},
		"without a PIN":                 {[]string{token, key}, "the PIN is missing"},
		"with a PIN that others read":   {[]string{token, key, "--pin-file=" + exposed}, "others may read"},
		"from a token that is not here": {[]string{"--token=elsewhere", key, file}, `labelled "elsewhere"`},
		"from another serial number":    {[]string{"--serial=0", key, file}, "numbered"},
		"with a key that is not here":   {[]string{token, "--key=nobody", file}, "no Ed25519 private key"},
		"with either of two keys":       {[]string{token, "--key=twice", file}, "more than one"},
		"with a PIN as an argument":     {[]string{token, key, "--pin=" + pin}, "the arguments are"},
		"with another library":          {[]string{token, key, file, "--module=/bin/sh"}, "no PKCS#11 library"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := h.open(t, tc.args...)
			if !errors.Is(err, signer.ErrUnavailable) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q does not say %q", err, tc.says)
			}
			if strings.Contains(err.Error(), pin) {
				t.Error("the PIN is repeated")
			}
		})
	}
}

func TestASignerWithoutCSaysSo(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT RUN with -short: it builds a program")
	}
	program := filepath.Join(t.TempDir(), "signer")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(program).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "CGO_ENABLED=1") {
		t.Errorf("%v: %s", err, out)
	}
}
