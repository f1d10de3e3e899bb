package endtoend

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// organisation is one whose log the site's mount keeps. The signer is the test,
// as the command line would be.
type organisation struct {
	*coretest.World
	site   site
	pushed int // how many statements the mount has

	alice, bob *approver // of every policy
	dave       *approver // of none
	mount      envelope.ID
	deploy     *coretest.Consumer // a host

	planted canaries   // what must not be found at rest
	asked   ephemerals // the keys of the requests that approvers were shown
	written []string   // paths
}

// found founds an organisation at a site: three approvers with recovery
// factors, the mount and a host as consumers.
func found(t testing.TB, s site) *organisation {
	t.Helper()
	w := &coretest.World{
		T: t, Now: time.Now(),
		Identity: envelope.NewSigningKey(envelope.NewKey()),
		Recovery: envelope.NewSigningKey(envelope.NewKey()),
	}
	first, err := roster.Found(w.Identity, w.Recovery.Public(), w.Now)
	w.Must(err)
	w.Log = []envelope.Signed{first}
	w.Roster, err = roster.Fold(first.Hash(), w.Log)
	w.Must(err)

	o := &organisation{World: w, site: s, planted: canaries{}, asked: ephemerals{}}
	mount := o.admin("GET", "mount", nil)
	w.Mount, err = envelope.ParseID(mount["mount_id"].(string))
	w.Must(err)
	o.admin("POST", "config", map[string]any{"organisation": first.Hash().String(), "cooldown": "1m"})

	o.alice = o.enrol(t, "alice")
	o.bob = o.enrol(t, "bob")
	o.dave = o.enrol(t, "dave")
	o.mount = o.admitMount(mount["signing"].(string))
	o.deploy = w.AdmitConsumer("deploy-host", roster.ConsumerHost)
	o.planted.key("org identity key", w.Identity.Seed())
	o.planted.key("org recovery key", w.Recovery.Seed())
	o.push()
	return o
}

// at makes an organisation report to the test that now runs.
func (o *organisation) at(t testing.TB) { o.T, o.Now = t, time.Now() }

// admin makes a call with the admin's token, which has to succeed.
func (o *organisation) admin(method, path string, body any) map[string]any {
	o.T.Helper()
	return must(o.T, o.site.addr(), o.site.admin(), method, path, body)
}

// push hands the mount the statements that it does not have.
func (o *organisation) push() {
	o.T.Helper()
	var statements []string
	for _, s := range o.Log[o.pushed:] {
		statements = append(statements, encode(o.T, s))
	}
	o.admin("POST", "org/log", map[string]any{"statements": statements})
	o.pushed = len(o.Log)
}

func (o *organisation) admitMount(signing string) envelope.ID {
	o.T.Helper()
	body := roster.ConsumerAdmit{ID: envelope.NewID(), Name: "vault", Kind: roster.ConsumerMount, Mount: o.Mount}
	o.Must(json.Unmarshal([]byte(`"`+signing+`"`), &body.Signing))
	o.Append(roster.KindConsumerAdmit, body)
	return body.ID
}

// policyFor puts a policy for everything below a name in force: one of alice and
// bob, the mount and the host may write and receive. edit may change it.
func (o *organisation) policyFor(name string, edit func(*roster.Policy)) roster.Policy {
	o.T.Helper()
	p := coretest.Policy(name, name+"/*", []*coretest.Consumer{o.deploy}, coretest.Need("on-call", 1, o.alice.Person, o.bob.Person))
	p.Authors = append(p.Authors, o.mount)
	p.Consumers = append(p.Consumers, o.mount)
	if edit != nil {
		edit(&p)
	}
	o.SetPolicy(p)
	o.push()
	return p
}

// prompts is how many requests the mount has opened since its process started.
func (o *organisation) prompts() int { return o.status("prompts") }

// waiting is how many readers block at this moment.
func (o *organisation) waiting() int { return o.status("waiting_readers") }

func (o *organisation) status(field string) int {
	o.T.Helper()
	return number(o.T, o.admin("GET", "status", nil), field)
}

// awaitReaders waits until a number of readers block.
func (o *organisation) awaitReaders(n int) {
	o.T.Helper()
	await(o.T, fmt.Sprintf("%d waiting readers", n), func() bool { return o.waiting() == n })
}

// config changes the mount's settings until the test ends.
func (o *organisation) config(t testing.TB, field string, value, after any) {
	t.Helper()
	o.admin("POST", "config", map[string]any{field: value})
	t.Cleanup(func() { o.admin("POST", "config", map[string]any{field: after}) })
}
