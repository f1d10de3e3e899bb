package secret_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

func TestAVersionIsReadOnlyAsWhatItIs(t *testing.T) {
	c := newCabinet(t, 3, oneOf)
	v := c.seal(c.draft())
	elsewhere := coretest.NewWorld(t)
	for name, k := range map[string]struct {
		r     *roster.Roster
		mount envelope.ID
		path  string
		want  error
	}{
		"as it is":             {c.Roster, c.Mount, path, nil},
		"another mount":        {c.Roster, envelope.NewID(), path, secret.ErrHeader},
		"another path":         {c.Roster, c.Mount, "prod/api", secret.ErrHeader},
		"another organisation": {elsewhere.Roster, c.Mount, path, roster.ErrOrganisation},
		"a shorter log":        {c.Fold(3), c.Mount, path, roster.ErrBehind},
	} {
		if _, err := v.Verify(k.r, k.mount, k.path); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

func TestAHeaderMustBeCompleteAndItsAuthors(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	v := c.seal(c.draft())
	for name, k := range map[string]struct {
		change func(*secret.Header)
		want   error
	}{
		"another suite":        {func(h *secret.Header) { h.Suite = 2 }, envelope.ErrSuite},
		"no id":                {func(h *secret.Header) { h.Secret = envelope.ID{} }, secret.ErrHeader},
		"no version":           {func(h *secret.Header) { h.Version = 0 }, secret.ErrHeader},
		"second without first": {func(h *secret.Header) { h.Version = 2 }, secret.ErrHeader},
		"another policy":       {func(h *secret.Header) { h.Policy = envelope.NewID() }, secret.ErrPolicy},
		"another policy text":  {func(h *secret.Header) { h.PolicyHash[0] ^= 1 }, secret.ErrPolicy},
		"before the policy":    {func(h *secret.Header) { h.Roster = c.Fold(len(c.Log) - 1).Head() }, roster.ErrNoPolicy},
		"before the author":    {func(h *secret.Header) { h.Roster = c.Fold(2).Head() }, roster.ErrUnknown},
		"its own wrap set":     {func(h *secret.Header) { h.Created++ }, secret.ErrWrapSet},
	} {
		w := *v
		w.Header = resigned(c, v.Header, k.change, c.author.Signer)
		if _, err := w.Verify(c.Roster, c.Mount, path); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

func TestAWrapSetIsThatOfThePolicy(t *testing.T) {
	c := newCabinet(t, 4, func(p people) []roster.Requirement {
		return []roster.Requirement{coretest.Need("dba", 2, p[:3]...), coretest.Need("security", 1, p[3])}
	})
	v := c.seal(c.draft())
	for name, k := range map[string]struct {
		change func(*secret.WrapSet)
		want   error
	}{
		"as it was":             {func(*secret.WrapSet) {}, nil},
		"another header":        {func(w *secret.WrapSet) { w.Header[0] ^= 1 }, secret.ErrWrapSet},
		"another head":          {func(w *secret.WrapSet) { w.Roster = c.Fold(2).Head() }, secret.ErrWrapSet},
		"to break a glass":      {func(w *secret.WrapSet) { w.Access[1].BreakGlass = true }, secret.ErrWrapSet},
		"a lower m":             {func(w *secret.WrapSet) { w.Access[0].M = 1 }, secret.ErrWrapSet},
		"a higher m":            {func(w *secret.WrapSet) { w.Access[0].M = 3 }, secret.ErrWrapSet},
		"a requirement less":    {func(w *secret.WrapSet) { w.Access = w.Access[:1] }, secret.ErrWrapSet},
		"another name":          {func(w *secret.WrapSet) { w.Access[0].Name = "root" }, secret.ErrWrapSet},
		"requirements swapped":  {func(w *secret.WrapSet) { slices.Reverse(w.Access) }, secret.ErrWrapSet},
		"holders swapped":       {func(w *secret.WrapSet) { w.Holders[0], w.Holders[1] = w.Holders[1], w.Holders[0] }, secret.ErrWrapSet},
		"a person twice":        {func(w *secret.WrapSet) { w.Holders[3].Approver = w.Holders[0].Approver }, secret.ErrWrapSet},
		"nobody":                {func(w *secret.WrapSet) { w.Holders[0].Approver = envelope.ID{} }, secret.ErrWrapSet},
		"an x twice":            {func(w *secret.WrapSet) { w.Holders[1].X = 1 }, secret.ErrWrapSet},
		"an x of zero":          {func(w *secret.WrapSet) { w.Holders[0].X = 0 }, secret.ErrWrapSet},
		"an x left out":         {func(w *secret.WrapSet) { w.Holders[2].X = 4 }, secret.ErrWrapSet},
		"generation zero":       {func(w *secret.WrapSet) { w.Holders[0].Generation = 0 }, secret.ErrWrapSet},
		"no such requirement":   {func(w *secret.WrapSet) { w.Holders[3].Requirement = 2 }, secret.ErrWrapSet},
		"a requirement emptied": {func(w *secret.WrapSet) { w.Holders = w.Holders[:3] }, secret.ErrWrapSet},
		"no holders":            {func(w *secret.WrapSet) { w.Holders = []secret.Holder{} }, secret.ErrWrapSet},
		"another sealed share":  {func(w *secret.WrapSet) { w.Holders[0].Wrap[0] ^= 1 }, secret.ErrWrapSet},
	} {
		w := *v
		w.WrapSet = resigned(c, v.WrapSet, k.change, c.author.Signer)
		if _, err := w.Verify(c.Roster, c.Mount, path); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
	}
}

func TestAVersionThatLagsBehindItsPolicyIsStale(t *testing.T) {
	for name, k := range map[string]struct {
		change func(*cabinet)
		want   error
	}{
		"other times":         {func(c *cabinet) { c.policy.LeaseTTL++ }, nil},
		"other people":        {func(c *cabinet) { c.policy.Requirements = oneOf(c.people[:1]); c.policy.MinimumCoverage = 0 }, nil},
		"a higher m":          {func(c *cabinet) { c.policy.Requirements = []roster.Requirement{coretest.Need("dba", 2, c.people...)} }, secret.ErrStale},
		"another requirement": {func(c *cabinet) { c.policy.Requirements[0].Name = "other" }, secret.ErrStale},
		"one requirement more": {func(c *cabinet) {
			c.policy.Requirements = append(oneOf(c.people[:1]), coretest.Need("two", 1, c.people[1]))
		}, secret.ErrStale},
	} {
		c := newCabinet(t, 2, oneOf)
		v := c.seal(c.draft())
		before := c.verify(v)
		k.change(c)
		c.SetPolicy(c.policy)
		if _, err := v.Verify(c.Roster, c.Mount, path); !errors.Is(err, k.want) {
			t.Errorf("%s: got %v, want %v", name, err, k.want)
		}
		if _, err := before.PolicyNow(c.Roster); !errors.Is(err, k.want) {
			t.Errorf("%s, verified before: got %v, want %v", name, err, k.want)
		}
		if _, err := v.VerifyHistory(c.Roster, c.Mount, path); err != nil {
			t.Errorf("%s, as history: %v", name, err)
		}
	}
}

func TestAMorePreciseChildPolicyTakesOver(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	v := c.seal(c.draft())
	c.SetPolicy(coretest.Policy("db", path, []*coretest.Consumer{c.author}, coretest.Need("dba", 2, c.people...)))
	if _, err := v.Verify(c.Roster, c.Mount, path); !errors.Is(err, secret.ErrStale) {
		t.Errorf("got %v", err)
	}
}

func TestAMountWritesForItselfAlone(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	mount := c.AdmitConsumer("mount", roster.ConsumerMount)
	c.policy.Authors = append(c.policy.Authors, mount.ID)
	c.SetPolicy(c.policy)
	d := c.draft()
	d.Author = mount.ID
	if _, err := secret.Seal(c.Roster, d, []byte(value), mount.Signer, c.Now); err != nil {
		t.Errorf("for itself: %v", err)
	}
	d.Mount = envelope.NewID()
	if _, err := secret.Seal(c.Roster, d, []byte(value), mount.Signer, c.Now); !errors.Is(err, secret.ErrAuthor) {
		t.Errorf("for another: %v", err)
	}
}

func TestACompromisedAuthorIsNotBelieved(t *testing.T) {
	c := newCabinet(t, 2, oneOf)
	v := c.seal(c.draft())
	c.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.author.ID})
	if _, err := v.Verify(c.Roster, c.Mount, path); err != nil {
		t.Errorf("revoked since: %v", err)
	}
	c.Append(roster.KindConsumerRevoke, roster.ConsumerRevoke{ID: c.author.ID, Compromised: true})
	if _, err := v.Verify(c.Roster, c.Mount, path); !errors.Is(err, roster.ErrRevoked) {
		t.Errorf("compromised: %v", err)
	}
}
