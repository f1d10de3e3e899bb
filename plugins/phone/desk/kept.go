package desk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
)

// The keys of what has to survive. Those that end in a slash have entries below
// them.
const (
	keyLink    = "link"     // the link that an enrolment begins with, until it is confirmed
	keyDraft   = "draft"    // an enrolment's passkey, until it is confirmed
	keyDevice  = "device"   // who this device is, its seeds and its row
	keyLog     = "log/"     // the organisation's log, by sequence number
	keyLedger  = "ledger"   // the last receipt's number and hash
	keyDecided = "decided/" // requests answered here, by hash: their deadline
	keyUnsent  = "unsent/"  // answers that the broker has not taken, by number
	keyHistory = "history/" // answers, by number
	keyChecked = "checked"  // when each way into the keyring was last tried
	keyMuted   = "muted/"   // whose requests are quiet, and until when
	keyAlarm   = "alarm/"   // that somebody broke the glass, by request, until dismissed

	keyDismissed = "dismissed/" // alarms that the person has seen, as they were

	keyOvertaken = "overtaken" // a receipt that this device signed and does not remember
)

// kept is a copy of what is stored, and what is to be stored next.
type kept struct {
	entries map[string]string
	changes map[string]*string
}

func (k *kept) put(key, text string) {
	k.entries[key] = text
	k.change(key, &text)
}

func (k *kept) drop(key string) {
	if _, found := k.entries[key]; found {
		delete(k.entries, key)
		k.change(key, nil)
	}
}

func (k *kept) change(key string, text *string) {
	if k.changes == nil {
		k.changes = map[string]*string{}
	}
	k.changes[key] = text
}

// take returns the changes since it was last called.
func (k *kept) take() map[string]*string {
	changes := k.changes
	k.changes = nil
	return changes
}

// below returns the keys below a prefix, in order.
func (k *kept) below(prefix string) []string {
	return slices.SortedFunc(func(yield func(string) bool) {
		for key := range maps.Keys(k.entries) {
			if strings.HasPrefix(key, prefix) && !yield(key) {
				return
			}
		}
	}, cmp.Compare)
}

// numbered is a key below a prefix that sorts by its number.
func numbered(prefix string, n uint64) string { return fmt.Sprintf("%s%010d", prefix, n) }

// number reads what numbered wrote.
func number(prefix, key string) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(key, prefix), 10, 64)
	if err != nil || numbered(prefix, n) != key {
		return 0, fmt.Errorf("entry %q: %w", key, ErrKept)
	}
	return n, nil
}

// putAs stores a value as canonical JSON.
func putAs(k *kept, key string, v any) error {
	encoded, err := envelope.Encode(v)
	if err != nil {
		return fmt.Errorf("keep %s: %w", strings.TrimSuffix(key, "/"), err)
	}
	k.put(key, string(encoded))
	return nil
}

// encodedAll returns the texts that values are kept as, by key, or none of them.
func encodedAll(values map[string]any) (map[string]string, error) {
	texts := make(map[string]string, len(values))
	for key, v := range values {
		encoded, err := envelope.Encode(v)
		if err != nil {
			return nil, fmt.Errorf("keep %s: %w", key, err)
		}
		texts[key] = string(encoded)
	}
	return texts, nil
}

// getAs reads what putAs stored; found is false where there is none.
func getAs[T any](k *kept, key string) (v T, found bool, err error) {
	text, found := k.entries[key]
	if !found {
		return v, false, nil
	}
	v, err = envelope.Decode[T]([]byte(text))
	if err != nil {
		// The entry may hold secrets, and the error a part of it.
		return v, true, fmt.Errorf("entry %q: %w", key, ErrKept)
	}
	return v, true, nil
}
