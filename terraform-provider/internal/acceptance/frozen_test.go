package acceptance

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptOutputs runs "outputs": each output of the configuration becomes a variable,
// texts as they are and all else as JSON.
func scriptOutputs(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 0 {
		ts.Fatalf("usage: outputs")
	}
	ts.Check(ts.Exec("tf", "output", "-json"))
	var outputs map[string]struct{ Value json.RawMessage }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &outputs))
	for name, output := range outputs {
		var text string
		if json.Unmarshal(output.Value, &text) != nil {
			text = string(output.Value)
		}
		ts.Setenv(name, text)
	}
}

var placeholder = regexp.MustCompile(`\$\{\w+\}`)

// scriptFill runs "fill FROM TO": ${NAME} becomes the variable's value. One that is
// not set ends the test.
func scriptFill(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: fill FROM TO")
	}
	filled := placeholder.ReplaceAllStringFunc(ts.ReadFile(args[0]), func(name string) string {
		value := ts.Getenv(name[2 : len(name)-1])
		if value == "" {
			ts.Fatalf("%s is not set", name)
		}
		return value
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(filled), 0o600))
}

// scriptPrivate runs "private VARIABLE NAME…": the variable becomes what Terraform's
// state has of a resource that remembers, under each name, what is in the file of
// that name.
func scriptPrivate(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: private VARIABLE NAME…")
	}
	kept := map[string][]byte{}
	for _, name := range args[1:] {
		kept[name] = []byte(strings.TrimSpace(ts.ReadFile(name)))
	}
	encoded, err := json.Marshal(kept)
	ts.Check(err)
	ts.Setenv(args[0], base64.StdEncoding.EncodeToString(encoded))
}

// scriptRemembered runs "remembered TYPE NAME": what resources of the type remember
// under the name in terraform.tfstate, an object, becomes variables: a member NAME of
// its member OBJECT is $OBJECT_NAME.
func scriptRemembered(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: remembered TYPE NAME")
	}
	var state struct {
		Resources []struct {
			Type      string
			Instances []struct{ Private []byte }
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("terraform.tfstate")), &state))
	for _, r := range state.Resources {
		if r.Type != args[0] {
			continue
		}
		var kept map[string][]byte
		ts.Check(json.Unmarshal(r.Instances[0].Private, &kept))
		setMembers(ts, "", kept[args[1]])
	}
}

func setMembers(ts *testscript.TestScript, prefix string, object json.RawMessage) {
	var members map[string]json.RawMessage
	ts.Check(json.Unmarshal(object, &members))
	for name, value := range members {
		var text string
		switch {
		case value[0] == '{':
			setMembers(ts, name+"_", value)
		case json.Unmarshal(value, &text) == nil:
			ts.Setenv(prefix+name, text)
		default:
			ts.Setenv(prefix+name, string(value))
		}
	}
}
