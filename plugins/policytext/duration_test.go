package policytext_test

import (
	"errors"
	"testing"

	"github.com/stillvault/stillvault/plugins/policytext"
)

func TestDurationsAreWrittenAsPeopleDo(t *testing.T) {
	for seconds, want := range map[uint32]string{
		1: "1s", 90: "1m30s", 60: "1m", 900: "15m", 3600: "1h", 5400: "1h30m", 3601: "1h0m1s", 36000: "10h", 864000: "240h",
	} {
		text := policytext.Duration(seconds)
		if text != want {
			t.Errorf("%d: %q, want %q", seconds, text, want)
		}
		if again, err := policytext.Seconds(text); err != nil || again != seconds {
			t.Errorf("%q reads as %d, %v", text, again, err)
		}
	}
}

func TestWhatIsNoWholeNumberOfSecondsIsRefused(t *testing.T) {
	for _, text := range []string{"", "15", "15 m", "1.5s", "0s", "-1m", "999ms", "9000h", "1d"} {
		if _, err := policytext.Seconds(text); !errors.Is(err, policytext.ErrDuration) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if n, err := policytext.Seconds("1.5m"); err != nil || n != 90 {
		t.Errorf("1.5m: %d, %v", n, err)
	}
}
