// Command guard is an external signer in front of another one, with rules:
//
//	guard ADDRESS [never=KIND | ask=KIND]...
//
// ADDRESS is the signer that holds the key, such as file:org.key. A statement of a
// kind that it never signs is refused; for one that it asks about, a person at the
// terminal says yes, or it is refused.
package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/signer"
	"github.com/stillvault/stillvault/plugins/signer/contract"
	"github.com/stillvault/stillvault/plugins/signer/open"
)

type guard struct {
	key   signer.Signer
	rules []string
}

// PublicKey is that of the signer behind it.
func (g guard) PublicKey(context.Context) (ed25519.PublicKey, error) {
	key := g.key.Public()
	return key[:], nil
}

// Sign shows the statement, applies the rules, and has the key sign.
func (g guard) Sign(_ context.Context, s contract.Statement) ([]byte, error) {
	statement, err := s.Read() // refuses what is no statement
	if err != nil {
		return nil, err
	}
	about := subject(statement)
	fmt.Fprintf(os.Stderr, "statement %d, %s: %s\n", statement.Seq, about, statement.Body)
	if slices.Contains(g.rules, "never="+string(statement.Kind)) {
		return nil, contract.Refuse("this key never signs " + string(statement.Kind))
	}
	if slices.Contains(g.rules, "ask="+string(statement.Kind)) {
		terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return nil, contract.Refuse("there is no terminal to ask on")
		}
		defer terminal.Close()
		if !ask(terminal, fmt.Sprintf("Sign %s: %q?", about, statement.Body)) {
			return nil, contract.Refuse("the person at the terminal said no")
		}
	}
	return g.key.Sign(s.Type, s.Payload)
}

// checkRules refuses a rule that would never apply: nobody would be asked.
func checkRules(rules []string) error {
	for _, rule := range rules {
		does, kind, _ := strings.Cut(rule, "=")
		if does != "never" && does != "ask" || !slices.Contains(kinds, roster.Kind(kind)) {
			return fmt.Errorf("%q is no rule: write never=KIND or ask=KIND, with one of %q", rule, kinds)
		}
	}
	return nil
}

// kinds are all that a statement can have.
var kinds = []roster.Kind{
	roster.KindOrgInit, roster.KindOrgRotate, roster.KindApproverAdmit, roster.KindApproverSet, roster.KindApproverRekey, roster.KindApproverRevoke,
	roster.KindDeviceAdmit, roster.KindDeviceRevoke, roster.KindGroupSet, roster.KindGroupDelete, roster.KindPolicySet, roster.KindPolicyDelete,
	roster.KindConsumerAdmit, roster.KindConsumerSet, roster.KindConsumerRevoke, roster.KindCheckpoint, roster.KindReceiptsCheckpoint,
}

// subject is the kind of a statement, and the name of what it is about if it says one.
// A removal has an id only, as in `stillvault group list -format=json`.
func subject(s roster.Statement) string {
	var named struct{ Name string }
	if err := json.Unmarshal(s.Body, &named); err != nil || named.Name == "" {
		return string(s.Kind)
	}
	return fmt.Sprintf("%s %q", s.Kind, named.Name)
}

// ask reports whether the answer is yes.
func ask(terminal io.ReadWriter, question string) bool {
	fmt.Fprint(terminal, question, " [y/N] ")
	answer, err := bufio.NewReader(terminal).ReadString('\n')
	return err == nil && strings.EqualFold(strings.TrimSpace(answer), "y")
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "guard: name the signer that holds the key first")
		os.Exit(2)
	}
	if err := checkRules(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(2)
	}
	key, err := open.Signer(context.Background(), os.Args[1], signer.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(1)
	}
	defer key.Close()
	contract.Serve(guard{key: key, rules: os.Args[2:]})
}
