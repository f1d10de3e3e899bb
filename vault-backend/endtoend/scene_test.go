package endtoend

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// reader is a way to read: Vault's Go client or the vault command.
type reader struct {
	name string
	read func(ctx context.Context, t testing.TB, addr, token, path string, query url.Values) (answer, error)
}

var (
	goClient = reader{"client", readWithClient}
	command  = reader{"command", readWithCommand}
)

// scene is one case on its way: a policy of its own, a secret under it, and
// somebody who reads it.
type scene struct {
	*organisation
	t      *testing.T
	reader reader
	who    member
	name   string // of the policy, and the first segment of every path
	path   string
	policy roster.Policy
	value  map[string]any
}

// play runs a scenario once and holds it to what the table says.
func play(t *testing.T, o *organisation, c scenario, with reader) {
	o.at(t)
	s := &scene{organisation: o, t: t, reader: with, who: o.site.member(t), name: c.slug() + "-" + with.name}
	s.path = s.name + "/db"
	s.policy = o.policyFor(s.name, c.policy)
	if !c.empty {
		s.write(s.path)
	}
	before := o.prompts()
	got := c.play(s)
	if got.status != c.status {
		t.Errorf("status %d, want %d: %s", got.status, c.status, got.text)
	}
	for _, words := range c.says {
		if !contains(got.text, words) {
			t.Errorf("the answer does not say %q:\n%s", words, got.text)
		}
	}
	if c.gives {
		s.checkValue(got)
	} else if len(got.data) != 0 {
		t.Errorf("data came with status %d", got.status)
	}
	if got.calls != 1 {
		t.Errorf("the client made %d calls, want 1: it must not retry this", got.calls)
	}
	if prompts := o.prompts() - before; prompts != c.prompts {
		t.Errorf("%d prompts, want %d", prompts, c.prompts)
	}
	if n := o.waiting(); n != 0 {
		t.Errorf("%d readers still wait", n)
	}
}

// write stores a value of its own at a path, with the token of an author.
func (s *scene) write(path string) {
	s.t.Helper()
	password := envelope.NewKey().Bytes()
	s.value = map[string]any{"username": "app", "password": envelope.Bytes(password).String()}
	s.planted.add("password at "+path, []byte(s.value["password"].(string)))
	must(s.t, s.site.addr(), s.author(), "POST", "secret/"+path, s.value)
	s.organisation.written = append(s.organisation.written, path)
}

// author is a token that writes: somebody else's than the reader's.
func (s *scene) author() string { return s.bob.login.token }

// checkValue holds a success to what was stored, and to the promise that Vault
// keeps no lease of it.
func (s *scene) checkValue(got answer) {
	s.t.Helper()
	if !reflect.DeepEqual(got.data, s.value) {
		s.t.Errorf("read %d fields that are not those that were written; status %d %s", len(got.data), got.status, got.text)
	}
	if got.id != "" {
		s.t.Errorf("the answer has a lease id")
	}
	if want := int(s.policy.LeaseTTL); got.lease < want-60 || got.lease > want {
		s.t.Errorf("lease_duration %d, want about %d", got.lease, want)
	}
}

// read reads the scene's path as the scene's reader and returns what came.
// Further arguments are names and values of the query.
func (s *scene) read(query ...string) answer { return s.readPath(s.path, query...) }

func (s *scene) readPath(path string, query ...string) answer {
	s.t.Helper()
	return <-s.startReading(context.Background(), path, query...)
}

// start is read in the background.
func (s *scene) start(query ...string) <-chan answer {
	return s.startReading(context.Background(), s.path, query...)
}

// gone is the answer of a read whose client went away.
const gone = -1

func (s *scene) startReading(ctx context.Context, path string, query ...string) <-chan answer {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	token, result := s.who.token, make(chan answer, 1)
	go func() {
		a, err := s.reader.read(ctx, s.t, s.site.addr(), token, "secret/"+path, values)
		if err != nil {
			a = answer{status: gone, text: err.Error()}
		}
		result <- a
	}()
	return result
}

// call makes a call as the scene's reader.
func (s *scene) call(method, path string, body any, headers ...string) answer {
	s.t.Helper()
	return call(s.t, s.site.addr(), s.who.token, method, path, body, headers...)
}

// pendingRequest is the id of the one request that waits at the scene's path.
func (s *scene) pendingRequest() string {
	s.t.Helper()
	listed := s.call("LIST", "requests", nil)
	info, _ := listed.data["key_info"].(map[string]any)
	var waiting []string
	for id, about := range info {
		if fields, _ := about.(map[string]any); fmt.Sprint(fields["state"]) == "waiting" && fields["path"] == s.path {
			waiting = append(waiting, id)
		}
	}
	if len(waiting) != 1 {
		s.t.Fatalf("%d requests wait, want 1: %d %s", len(waiting), listed.status, listed.text)
	}
	return waiting[0]
}

// newScene sets a scene outside the table: a policy, a secret, a reader.
func newScene(t *testing.T, o *organisation, name string, edit func(*roster.Policy)) *scene {
	t.Helper()
	o.at(t)
	s := &scene{organisation: o, t: t, reader: goClient, who: o.site.member(t), name: name, path: name + "/db"}
	s.policy = o.policyFor(name, edit)
	s.write(s.path)
	return s
}
