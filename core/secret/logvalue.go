//go:build !js

package secret

import "log/slog"

// In a browser there is no structured log to keep keys out of, and slog would be
// downloaded with every page.

// LogValue keeps structured logs from reflecting into the value.
func (Value) LogValue() slog.Value { return slog.StringValue("[redacted]") }
