package desk

import "testing"

// What cannot be written down must leave nothing behind, or an answer's number
// would be spent without the answer.
func TestEntriesAreEncodedAllOrNoneOfThem(t *testing.T) {
	texts, err := encodedAll(map[string]any{keyLedger: 1, keyUnsent: func() {}, keyHistory: "x"})
	if err == nil || texts != nil {
		t.Errorf("got %v, %v", texts, err)
	}
	texts, err = encodedAll(map[string]any{keyLedger: 1, keyHistory: "x"})
	if err != nil || texts[keyLedger] != "1" || texts[keyHistory] != `"x"` {
		t.Errorf("got %v, %v", texts, err)
	}
}
