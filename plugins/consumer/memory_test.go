package consumer_test

import (
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/secret"
	"github.com/stillvault/stillvault/plugins/consumer"
)

func TestVolatileMemoryHoldsOnToTheNewest(t *testing.T) {
	var v consumer.Volatile
	id, other := envelope.NewID(), envelope.NewID()
	for _, step := range []struct {
		does           string
		remember, want secret.Seen
	}{
		{"the first", secret.Seen{Secret: id, Version: 2}, secret.Seen{Secret: id, Version: 2}},
		{"an older one", secret.Seen{Secret: id, Version: 1}, secret.Seen{Secret: id, Version: 2}},
		{"newer shares", secret.Seen{Secret: id, Version: 2, Epoch: 1}, secret.Seen{Secret: id, Version: 2, Epoch: 1}},
		{"a newer one", secret.Seen{Secret: id, Version: 3}, secret.Seen{Secret: id, Version: 3}},
		{"the path begun anew", secret.Seen{Secret: other, Version: 1}, secret.Seen{Secret: other, Version: 1}},
	} {
		if err := v.Remember("prod/db", step.remember); err != nil {
			t.Fatal(err)
		}
		if got, err := v.Seen("prod/db"); err != nil || got != step.want {
			t.Errorf("%s: remembers version %d, epoch %d, %v", step.does, got.Version, got.Epoch, err)
		}
	}
	if got, err := v.Seen("prod/other"); err != nil || got != (secret.Seen{}) {
		t.Errorf("a path that was not seen: version %d, %v", got.Version, err)
	}
}
