package policytext

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrDuration means that a text is none of a policy's times.
var ErrDuration = errors.New("write whole seconds as a duration, such as 90s, 15m or 1h")

// longest is more than any of a policy's times may be: the roster says which.
const longest = 365 * 24 * time.Hour

// Seconds reads one of a policy's times, such as "90s" or "1h30m"; ErrDuration
// where it is no whole number of seconds.
func Seconds(text string) (uint32, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second || d%time.Second != 0 || d > longest {
		return 0, fmt.Errorf("%.40q: %w", text, ErrDuration)
	}
	return uint32(d / time.Second), nil
}

// Duration writes one of a policy's times as people do: "15m", not "15m0s".
func Duration(seconds uint32) string {
	text := (time.Duration(seconds) * time.Second).String()
	if rest, whole := strings.CutSuffix(text, "m0s"); whole {
		text = rest + "m"
	}
	if rest, whole := strings.CutSuffix(text, "h0m"); whole {
		text = rest + "h"
	}
	return text
}
