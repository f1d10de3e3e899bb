package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

func TestWhatIsNotToBeSealedIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*cabinet, *secret.Draft)
		value string
		want  error
	}{
		"complete":                    {nil, value, nil},
		"an empty object":             {nil, " {} ", nil},
		"an array":                    {nil, "[]", secret.ErrValue},
		"a string":                    {nil, `"x"`, secret.ErrValue},
		"nothing":                     {nil, "", secret.ErrValue},
		"two objects":                 {nil, "{}{}", secret.ErrValue},
		"half an object":              {nil, `{"a":`, secret.ErrValue},
		"no mount":                    {func(_ *cabinet, d *secret.Draft) { d.Mount = envelope.ID{} }, value, secret.ErrHeader},
		"no id":                       {func(_ *cabinet, d *secret.Draft) { d.Secret = envelope.ID{} }, value, secret.ErrHeader},
		"no version":                  {func(_ *cabinet, d *secret.Draft) { d.Version = 0 }, value, secret.ErrHeader},
		"a first with a predecessor":  {func(_ *cabinet, d *secret.Draft) { d.Previous = envelope.SumHash() }, value, secret.ErrHeader},
		"a second without one":        {func(_ *cabinet, d *secret.Draft) { d.Version = 2 }, value, secret.ErrHeader},
		"a bad path":                  {func(_ *cabinet, d *secret.Draft) { d.Path = "prod/../db" }, value, roster.ErrPath},
		"a path without a policy":     {func(_ *cabinet, d *secret.Draft) { d.Path = "test/db" }, value, roster.ErrNoPolicy},
		"an unknown author":           {func(_ *cabinet, d *secret.Draft) { d.Author = envelope.NewID() }, value, roster.ErrUnknown},
		"an author of another's key":  {func(c *cabinet, d *secret.Draft) { d.Author = c.AdmitConsumer("other", roster.ConsumerHost).ID }, value, secret.ErrAuthor},
		"an author not in the policy": {func(c *cabinet, _ *secret.Draft) { c.policy.Authors = []envelope.ID{}; c.SetPolicy(c.policy) }, value, secret.ErrAuthor},
		"an author revoked": {func(c *cabinet, _ *secret.Draft) {
			c.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.author.ID})
		}, value, roster.ErrRevoked},
		"a policy that people left": {func(c *cabinet, _ *secret.Draft) {
			for _, p := range c.people {
				c.Append(roster.KindApproverRevoke, roster.Removal{ID: p.ID})
			}
		}, value, roster.ErrUnmeetable},
		"a policy below its coverage": {func(c *cabinet, _ *secret.Draft) { c.policy.MinimumCoverage = 5; c.uncover() }, value, roster.ErrCoverage},
		"after the last checkpoint": {func(c *cabinet, _ *secret.Draft) {
			c.Append(roster.KindCheckpoint, roster.Checkpoint{Expires: envelope.At(c.Now.Add(time.Second))})
			c.Now = c.Now.Add(time.Minute)
		}, value, roster.ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCabinet(t, 2, oneOf)
			d := k.draft()
			if c.edit != nil {
				c.edit(k, &d)
			}
			if _, err := secret.Seal(k.Roster, d, []byte(c.value), k.author.Signer, k.Now); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// uncover adds somebody who has no recovery factor to the policy.
func (c *cabinet) uncover() {
	p := c.AdmitWith("phone-only", []keyring.FactorKind{keyring.FactorPasskey})
	c.policy.Requirements = []roster.Requirement{coretest.Need("dba", 1, append(c.people, p)...)}
	c.SetPolicy(c.policy)
}

func TestValuesUpToTheLimitAreSealed(t *testing.T) {
	c := newCabinet(t, 1, oneOf)
	object := func(n int) []byte {
		return []byte(`{"k":"` + strings.Repeat("x", n-8) + `"}`)
	}
	for _, n := range []int{8, 251, 252, 253, 60_000, secret.MaxValue} {
		v, err := secret.Seal(c.Roster, c.draft(), object(n), c.author.Signer, c.Now)
		c.Must(err)
		verified := c.verify(v)
		share, err := verified.OpenShare(c.people[0].Keyring)
		c.Must(err)
		plaintext, err := verified.Combine([]*secret.Share{share})
		c.Must(err)
		got, err := verified.ReadPayload(plaintext)
		c.Must(err)
		if !bytes.Equal(got.JSON(), object(n)) {
			t.Errorf("%d bytes came back as %d", n, len(got.JSON()))
		}
		if text, err := envelope.Encode(v); err != nil || len(text) > envelope.MaxMessage {
			t.Errorf("%d bytes are stored as %d: %v", n, len(text), err)
		}
	}
	if _, err := secret.Seal(c.Roster, c.draft(), object(secret.MaxValue+1), c.author.Signer, c.Now); !errors.Is(err, secret.ErrValue) {
		t.Errorf("one byte over: %v", err)
	}
}

func TestAVersionThatCouldNotBeReadIsNotWritten(t *testing.T) {
	large := []byte(`{"k":"` + strings.Repeat("x", secret.MaxValue-8) + `"}`)
	c := newCabinet(t, 40, oneOf)
	seal := func(value []byte) (*secret.Version, error) {
		return secret.Seal(c.Roster, c.draft(), value, c.author.Signer, c.Now)
	}
	fits, err := seal(large)
	c.Must(err)
	text, err := envelope.Encode(fits)
	c.Must(err)
	if len(text) > secret.MaxVersion {
		t.Errorf("%d bytes, limit %d", len(text), secret.MaxVersion)
	}
	for i := range 40 {
		c.people = append(c.people, c.Admit(fmt.Sprintf("late%d", i)))
	}
	c.policy.Requirements = oneOf(c.people)
	c.SetPolicy(c.policy)
	if _, err := seal(large); !errors.Is(err, secret.ErrSize) {
		t.Errorf("with 200 people: %v", err)
	}
	if _, err := seal([]byte(value)); err != nil {
		t.Errorf("a short value with 200 people: %v", err)
	}
}

func TestTheLengthOfAValueShowsOnlyByItsOrderOfMagnitude(t *testing.T) {
	c := newCabinet(t, 1, oneOf)
	size := func(value string) int {
		v, err := secret.Seal(c.Roster, c.draft(), []byte(value), c.author.Signer, c.Now)
		c.Must(err)
		return len(v.Payload.Bytes)
	}
	if size(`{}`) != size(value) {
		t.Error("short values differ in length")
	}
}

func TestEqualValuesLookDifferent(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	sealed := []*secret.Version{c.seal(c.draft()), c.seal(c.draft())}
	one, two := c.verify(sealed[0]), c.verify(sealed[1])
	if one.Header.Commitment == two.Header.Commitment {
		t.Error("the commitment tells that two values are equal")
	}
	holders := func(v *secret.Version) []secret.Holder {
		w, err := envelope.Peek[secret.WrapSet](v.WrapSet, envelope.TypeWrapSet)
		c.Must(err)
		return w.Holders
	}
	if holders(sealed[0])[0].Commitment == holders(sealed[1])[0].Commitment {
		t.Error("the shares are the same")
	}
}

func TestAnOpenedSecretPrintsAsRedacted(t *testing.T) {
	c := newCabinet(t, 1, oneOf)
	v := c.verify(c.seal(c.draft()))
	share, err := v.OpenShare(c.people[0].Keyring)
	c.Must(err)
	plaintext, err := v.Combine([]*secret.Share{share})
	c.Must(err)
	opened, err := v.ReadPayload(plaintext)
	c.Must(err)
	revealed := share.Reveal()
	for _, verb := range []string{"%v", "%s", "%d", "%x", "%q", "%X"} {
		for _, thing := range []any{opened, *opened, share, *share} {
			printed := fmt.Sprintf(verb, thing)
			if strings.Contains(printed, "horse") || strings.Contains(printed, fmt.Sprintf("%x", revealed[:8])) {
				t.Errorf("%s of %T prints it", verb, thing)
			}
		}
	}
	if _, err := envelope.Encode(opened); !errors.Is(err, envelope.ErrRedacted) {
		t.Errorf("as JSON: %v", err)
	}
	opened.Wipe()
	share.Wipe()
	(*secret.Value)(nil).Wipe()
	(*secret.Share)(nil).Wipe()
	if bytes.Contains(opened.JSON(), []byte("horse")) || !bytes.Equal(share.Reveal(), make([]byte, 64)) {
		t.Error("not wiped")
	}
}
