package envelope_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// encodeByHand writes a context from the description of the format alone.
func encodeByHand(c envelope.Context) []byte {
	var b []byte
	prefixed := func(v []byte) { b = append(append(b, byte(len(v))), v...) }
	prefixed([]byte("stillvault/context/v1"))
	b = append(b, 1)
	prefixed([]byte(c.Purpose))
	prefixed(c.Organisation[:])
	prefixed(c.Mount[:])
	prefixed(c.Secret[:])
	b = binary.BigEndian.AppendUint64(b, c.Version)
	prefixed(c.Recipient[:])
	b = binary.BigEndian.AppendUint32(b, c.Generation)
	b = binary.BigEndian.AppendUint32(b, c.Epoch)
	b = binary.BigEndian.AppendUint32(b, c.Requirement)
	b = binary.BigEndian.AppendUint32(b, c.X)
	prefixed(c.Request[:])
	return b
}

func TestContextEncodingIsTheDocumentedOne(t *testing.T) {
	for purpose, c := range contexts() {
		got, err := c.Encode()
		if err != nil {
			t.Fatalf("%s: %v", purpose, err)
		}
		if !bytes.Equal(got, encodeByHand(c)) {
			t.Errorf("%s: encoding changed: %x", purpose, got)
		}
	}
}

func TestEveryFieldOfAContextIsBoundOrRefused(t *testing.T) {
	for purpose, c := range contexts() {
		original, err := c.Encode()
		if err != nil {
			t.Fatalf("%s: %v", purpose, err)
		}
		for field, change := range changes {
			other := c
			change(&other)
			got, err := other.Encode()
			if err == nil && bytes.Equal(got, original) {
				t.Errorf("%s: %s is not bound", purpose, field)
			}
			if err != nil && !errors.Is(err, envelope.ErrContext) {
				t.Errorf("%s: %s changed: got %v", purpose, field, err)
			}
		}
	}
}

func TestContextWithTheWrongFieldsIsRefused(t *testing.T) {
	all := contexts()
	cases := map[string]envelope.Context{
		"no purpose":           {},
		"unknown purpose":      with(all[envelope.PurposeDEK], func(c *envelope.Context) { c.Purpose = "anything" }),
		"without organisation": with(all[envelope.PurposeDEK], func(c *envelope.Context) { c.Organisation = envelope.Hash{} }),
		"without mount":        with(all[envelope.PurposeDEK], func(c *envelope.Context) { c.Mount = envelope.ID{} }),
		"secret without version": with(all[envelope.PurposePayload], func(c *envelope.Context) {
			c.Version = 0
		}),
		"version without secret": with(all[envelope.PurposePayload], func(c *envelope.Context) {
			c.Secret = envelope.ID{}
		}),
		"share without x":                with(all[envelope.PurposeShare], func(c *envelope.Context) { c.X = 0 }),
		"share without recipient":        with(all[envelope.PurposeShare], func(c *envelope.Context) { c.Recipient = envelope.ID{} }),
		"share without generation":       with(all[envelope.PurposeShare], func(c *envelope.Context) { c.Generation = 0 }),
		"share for a request":            with(all[envelope.PurposeShare], func(c *envelope.Context) { c.Request[0] = 1 }),
		"DEK with an epoch":              with(all[envelope.PurposeDEK], func(c *envelope.Context) { c.Epoch = 1 }),
		"DEK with a requirement":         with(all[envelope.PurposeDEK], func(c *envelope.Context) { c.Requirement = 1 }),
		"DEK with a recipient":           with(all[envelope.PurposeDEK], func(c *envelope.Context) { c.Recipient[0] = 1 }),
		"release without its request":    with(all[envelope.PurposeReleasePayload], func(c *envelope.Context) { c.Request = envelope.Hash{} }),
		"inbox item with a secret":       with(all[envelope.PurposeInbox], func(c *envelope.Context) { c.Secret[0] = 1 }),
		"signer file of an organisation": with(all[envelope.PurposeSignerFile], func(c *envelope.Context) { c.Organisation[0] = 1 }),
		"signer file of a mount":         with(all[envelope.PurposeSignerFile], func(c *envelope.Context) { c.Mount[0] = 1 }),
		"inbox item with a version":      with(all[envelope.PurposeInbox], func(c *envelope.Context) { c.Version = 1 }),
	}
	key := envelope.NewKey()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Encode(); !errors.Is(err, envelope.ErrContext) {
				t.Errorf("encode: got %v", err)
			}
			if _, err := envelope.Seal(key, c, nil); !errors.Is(err, envelope.ErrContext) {
				t.Errorf("seal: got %v", err)
			}
			if _, err := envelope.Open(key, c, envelope.Envelope{Suite: envelope.Suite1}); !errors.Is(err, envelope.ErrContext) {
				t.Errorf("open: got %v", err)
			}
			if _, err := envelope.SealTo(nil, c, nil); !errors.Is(err, envelope.ErrContext) {
				t.Errorf("seal to: got %v", err)
			}
			if _, err := envelope.OpenWith(key, c, envelope.Envelope{Suite: envelope.Suite1}); !errors.Is(err, envelope.ErrContext) {
				t.Errorf("open with: got %v", err)
			}
		})
	}
}

func with(c envelope.Context, change func(*envelope.Context)) envelope.Context {
	change(&c)
	return c
}
