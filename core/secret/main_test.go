package secret_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

const (
	path  = "prod/db"
	value = `{"password":"correct horse"}`
)

// cabinet is an organisation with people, one policy over prod/* and an author.
type cabinet struct {
	*coretest.World
	people []*coretest.Person
	author *coretest.Consumer
	policy roster.Policy
	secret envelope.ID
}

func newCabinet(t testing.TB, people int, require func([]*coretest.Person) []roster.Requirement) *cabinet {
	t.Helper()
	c := &cabinet{World: coretest.NewWorld(t), secret: envelope.NewID()}
	for i := range people {
		c.people = append(c.people, c.Admit(fmt.Sprintf("p%d", i)))
	}
	c.author = c.AdmitConsumer("author", roster.ConsumerHost)
	c.policy = coretest.Policy("p", "prod/*", []*coretest.Consumer{c.author}, require(c.people)...)
	c.SetPolicy(c.policy)
	return c
}

func oneOf(people []*coretest.Person) []roster.Requirement {
	return []roster.Requirement{coretest.Need("dba", 1, people...)}
}

func (c *cabinet) draft() secret.Draft {
	return secret.Draft{Mount: c.Mount, Secret: c.secret, Path: path, Version: 1, Author: c.author.ID}
}

func (c *cabinet) seal(d secret.Draft) *secret.Version {
	c.T.Helper()
	v, err := secret.Seal(c.Roster, d, []byte(value), c.author.Signer, c.Now)
	c.Must(err)
	return v
}

func (c *cabinet) verify(v *secret.Version) *secret.Verified {
	c.T.Helper()
	verified, err := v.Verify(c.Roster, c.Mount, path)
	c.Must(err)
	return verified
}

// history seals n versions, a second apart.
func (c *cabinet) history(n int) (all []*secret.Version) {
	d := c.draft()
	for range n {
		v := c.seal(d)
		all = append(all, v)
		d.Version, d.Previous = d.Version+1, v.Header.Hash()
		c.Now = c.Now.Add(time.Second)
	}
	return all
}

// resigned changes a signed part and has whoever is given sign it again.
func resigned[T any](c *cabinet, m envelope.Signed, change func(*T), signers ...envelope.Signer) envelope.Signed {
	v, err := envelope.Peek[T](m, m.Type)
	c.Must(err)
	change(&v)
	out, err := envelope.Sign(m.Type, v, signers...)
	c.Must(err)
	return out
}
