package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// A search that finds nothing proves something only if it finds what is there.
func TestTheSearchFindsASecretInEveryEncoding(t *testing.T) {
	secret := envelope.NewKey().Bytes()
	find := newSearch(canaries{"planted": secret})
	for name, b := range encodings(secret) {
		if len(find.in(append(append([]byte("before "), b...), " after"...))) == 0 {
			t.Errorf("not found: %s", name)
		}
	}
	for shift := range 3 {
		inner := append(make([]byte, shift), secret...)
		nested, err := json.Marshal(map[string]string{"value": base64.RawURLEncoding.EncodeToString(inner)})
		if err != nil {
			t.Fatal(err)
		}
		outer := `{"payload":"` + base64.StdEncoding.EncodeToString(nested) + `"}`
		if len(find.in([]byte(outer))) == 0 {
			t.Errorf("not found: base64 in base64, shifted by %d", shift)
		}
	}
	if found := find.in(envelope.NewKey().Bytes()); len(found) > 0 {
		t.Errorf("found where it is not: %s", found)
	}
}

func TestTheSearchFindsEphemeralKeys(t *testing.T) {
	seed := envelope.NewKey()
	public, err := envelope.KEMPublic(seed)
	if err != nil {
		t.Fatal(err)
	}
	expanded, err := envelope.Derive(seed.Bytes(), nil, envelope.LabelXWing, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := ephemerals{}
	keys.add(public)
	for name, private := range map[string][]byte{"seed": seed.Bytes(), "X-Wing private key": expanded.Bytes()} {
		blob := append(append([]byte("left"), private...), "right"...)
		if keys.newScan().in(blob, 1) != 1 {
			t.Errorf("not found: %s", name)
		}
	}
	if n := keys.newScan().in(envelope.NewKey().Bytes(), 1); n != 0 {
		t.Errorf("found %d where there is none", n)
	}
}
