package contract

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/signer/contract/signerv1"
)

func TestGeneratedCodeIsWhatTheContractMakes(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT RUN with -short: it builds the generator")
	}
	out, err := exec.Command("go", "run", "-C", "../../../tools/proto", ".", "-check").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

const byHand = "STILLVAULT_TEST_SERVE_BY_HAND"

func TestMain(m *testing.M) {
	if os.Getenv(byHand) != "" {
		Serve(&author{})
	}
	os.Exit(m.Run())
}

func TestASignerThatIsStartedByHandSaysWhatItIs(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), byHand+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "exec:PATH?sha256=HEX") {
		t.Errorf("%v: %s", err, out)
	}
}

// author answers what a test says.
type author struct {
	key    ed25519.PublicKey
	err    error
	signed Statement
}

// PublicKey answers.
func (a *author) PublicKey(context.Context) (ed25519.PublicKey, error) { return a.key, a.err }

// Sign answers with what it was asked.
func (a *author) Sign(_ context.Context, s Statement) ([]byte, error) {
	a.signed = s
	return s.PAE(), a.err
}

func TestAnAuthorsErrorsBecomeStatuses(t *testing.T) {
	long := strings.Repeat("é", maxReason)
	cases := map[string]struct {
		err  error
		want codes.Code
		says string
	}{
		"a refusal":           {Refuse("not today"), codes.PermissionDenied, "not today"},
		"a wrapped refusal":   {fmt.Errorf("rule 3: %w", Refuse("not today")), codes.PermissionDenied, "rule 3: not today"},
		"a deadline":          {fmt.Errorf("touch: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "touch"},
		"nobody waits":        {context.Canceled, codes.Canceled, "canceled"},
		"anything else":       {errors.New("no token"), codes.Unavailable, "no token"},
		"a very long refusal": {Refuse("x" + long), codes.PermissionDenied, "xéé"},
		"no text at all":      {errors.New("\xff\xfe"), codes.Unavailable, "?"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := (&service{signer: &author{err: tc.err}}).Sign(t.Context(), &signerv1.SignRequest{})
			got := status.Convert(err)
			if got.Code() != tc.want || !strings.Contains(got.Message(), tc.says) || len(got.Message()) > maxReason+1 {
				t.Errorf("%s: %.100s (%d bytes)", got.Code(), got.Message(), len(got.Message()))
			}
		})
	}
}

func TestAKeyOfAnotherKindIsNotHandedOn(t *testing.T) {
	for _, size := range []int{0, 31, 33, 64} {
		_, err := (&service{signer: &author{key: make(ed25519.PublicKey, size)}}).PublicKey(t.Context(), nil)
		if status.Code(err) != codes.Internal {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestAStatementTravelsWhole(t *testing.T) {
	payload, err := envelope.Encode(roster.Statement{Kind: roster.KindOrgRotate, Seq: 7, Body: []byte(`{"x":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	a := &author{}
	answer, err := (&service{signer: a}).Sign(t.Context(), &signerv1.SignRequest{PayloadType: string(envelope.TypeStatement), Payload: payload})
	if err != nil || string(answer.GetSignature()) != string(envelope.PAE(envelope.TypeStatement, payload)) {
		t.Fatalf("signed is %q, %v", answer.GetSignature(), err)
	}
	read, err := a.signed.Read()
	if err != nil || read.Kind != roster.KindOrgRotate || read.Seq != 7 || string(read.Body) != `{"x":1}` {
		t.Errorf("%v, %v", read, err)
	}
	for name, s := range map[string]Statement{
		"another type":      {Type: envelope.TypeReceipt, Payload: payload},
		"no JSON":           {Type: envelope.TypeStatement, Payload: []byte("kind")},
		"an unknown member": {Type: envelope.TypeStatement, Payload: []byte(`{"kind":"checkpoint","then":1}`)},
	} {
		if _, err := s.Read(); !isRefusal(err) {
			t.Errorf("%s is read: %v", name, err)
		}
	}
}
