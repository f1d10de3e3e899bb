//go:build !js

package envelope

import "log/slog"

// In a browser there is no structured log to keep keys out of, and slog would be
// downloaded with every page.

// LogValue keeps structured logs from reflecting into the key.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// LogValue keeps structured logs from reflecting into the expanded key.
func (Opener) LogValue() slog.Value { return slog.StringValue(redacted) }
