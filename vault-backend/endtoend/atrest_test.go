package endtoend

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
)

// nothingAtRest searches everything that a site has stored for whatever would
// open a secret: plaintext, shares, DEKs, people's seeds, and the private halves
// of the keys that requests were answered to.
func nothingAtRest(t *testing.T, o *organisation) {
	o.at(t)
	versions := o.openEverything()
	control := envelope.NewKey().Bytes()
	o.site.plant(t, control)
	blobs := o.site.stored(t)

	find, planted, bytes := newSearch(o.planted), newSearch(canaries{"control": control}), 0
	keys, controls := o.asked.newScan(), 0
	for where, blob := range blobs {
		bytes += len(blob)
		for _, what := range find.in(blob) {
			t.Errorf("%s holds %s", where, what)
		}
		if keys.found(blob) {
			t.Errorf("%s holds the private half of a request's ephemeral key", where)
		}
		controls += len(planted.in(blob))
	}
	if controls == 0 {
		t.Error("the search did not find what was planted for it to find, so it proves nothing")
	}
	for _, tree := range o.site.trees() {
		if !hasTree(blobs, tree) {
			t.Errorf("nothing was read from %s, so the search says nothing about it", tree)
		}
	}
	t.Logf("searched %d stored entries of %d bytes for %d secrets of %d versions and the keys of %d requests: %d candidates tried",
		len(blobs), bytes, len(o.planted), versions, len(o.asked), keys.tried)
}

func hasTree(blobs map[string][]byte, tree string) bool {
	for where := range blobs {
		if strings.HasPrefix(where, tree) {
			return true
		}
	}
	return false
}

// plant stores something that the search has to find.
func (e *embedded) plant(t testing.TB, secret []byte) {
	t.Helper()
	entry := &logical.StorageEntry{Key: "planted", Value: secret}
	if err := e.Storage().Put(context.Background(), entry); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Storage().Delete(context.Background(), entry.Key); err != nil {
			t.Error(err)
		}
	})
}

func (e *embedded) trees() []string { return []string{"log/", "meta/", "version/"} }

// plant stores something in a cubbyhole, which is where response wrapping would
// put a secret.
func (r *real) plant(t testing.TB, secret []byte) {
	t.Helper()
	_, err := r.client(t).Logical().Write("cubbyhole/planted", map[string]any{"value": envelope.Bytes(secret).String()})
	if err != nil {
		t.Fatal(err)
	}
}

// trees are where Vault keeps what mounts store, leases, tokens and policies.
func (r *real) trees() []string {
	return []string{"sys/raw/logical/", "sys/raw/sys/expire/", "sys/raw/sys/token/", "sys/raw/sys/policy/", "audit log", "raft snapshot/"}
}

// openEverything opens every version that was written and plants what opens it:
// the shares of both approvers and the DEK. It returns how many there were.
func (o *organisation) openEverything() (versions int) {
	o.T.Helper()
	for _, path := range o.written {
		a := call(o.T, o.site.addr(), o.site.admin(), "GET", "sealed/"+path, nil)
		if a.status == 410 {
			continue // destroyed; nothing is left to open
		}
		if a.status != 200 {
			o.T.Errorf("sealed/%s: %d %s", path, a.status, a.text)
			continue
		}
		version := decode[secret.Version](o.T, a.data, "version")
		verified, err := version.VerifyHistory(o.Roster, o.Mount, path)
		o.Must(err)
		var shares []*secret.Share
		for _, who := range []*approver{o.alice, o.bob, o.dave} {
			share, err := verified.OpenShare(who.Keyring)
			if errors.Is(err, secret.ErrNotHolder) {
				continue // taken out of the policy since, and the share deleted
			}
			o.Must(err)
			b := share.Reveal()
			o.planted.add("share at "+path, b[:envelope.KeySize])
			o.planted.add("share's salt at "+path, b[envelope.KeySize:])
			shares = append(shares, share)
		}
		o.plantDEK(&version, verified, shares)
		versions++
	}
	return versions
}

// plantDEK derives the DEK and the payload key anew, from the author's shares of one
// requirement.
func (o *organisation) plantDEK(version *secret.Version, v *secret.Verified, shares []*secret.Share) {
	o.T.Helper()
	root := o.root(shares[:v.Access[0].M])
	h := v.Header
	context := func(purpose envelope.Purpose) envelope.Context {
		return envelope.Context{Purpose: purpose, Organisation: h.Organisation, Mount: h.Mount, Secret: h.Secret, Version: h.Version}
	}
	encoded, err := context(envelope.PurposeDEK).Encode()
	o.Must(err)
	dek, err := envelope.Derive(root, nil, envelope.LabelDEK, encoded)
	o.Must(err)
	key, err := envelope.Derive(dek.Bytes(), nil, envelope.LabelPayload, nil)
	o.Must(err)
	if _, err := envelope.Open(key, context(envelope.PurposePayload), version.Payload); err != nil {
		o.T.Errorf("the DEK that the test derived does not open %q: %v", h.Path, err)
	}
	o.planted.add("root of "+h.Path, root)
	o.planted.key("DEK of "+h.Path, dek)
	o.planted.key("payload key of "+h.Path, key)
}

// root interpolates shares at zero. Where one suffices it is the share itself.
func (o *organisation) root(shares []*secret.Share) []byte {
	o.T.Helper()
	at := func(x uint32) *edwards25519.Scalar {
		s, err := edwards25519.NewScalar().SetCanonicalBytes(append(binary.LittleEndian.AppendUint32(nil, x), make([]byte, 28)...))
		o.Must(err)
		return s
	}
	sum := edwards25519.NewScalar()
	for i, share := range shares {
		part, err := edwards25519.NewScalar().SetCanonicalBytes(share.Reveal()[:envelope.KeySize])
		o.Must(err)
		for j, other := range shares {
			if i != j {
				between := edwards25519.NewScalar().Subtract(at(other.X), at(share.X))
				part.Multiply(part, at(other.X)).Multiply(part, between.Invert(between))
			}
		}
		sum.Add(sum, part)
	}
	return sum.Bytes()
}
