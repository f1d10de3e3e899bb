//go:build !js

package keyring

import "log/slog"

// In a browser there is no structured log to keep keys out of, and slog would be
// downloaded with every page.

// LogValue keeps structured logs from reflecting into the keyring.
func (Keyring) LogValue() slog.Value { return slog.StringValue(redacted) }

// LogValue keeps structured logs from reflecting into the seeds.
func (Device) LogValue() slog.Value { return slog.StringValue("[redacted device]") }

// LogValue keeps structured logs from reflecting into the payload.
func (Contents) LogValue() slog.Value { return slog.StringValue("[redacted contents]") }

// LogValue keeps structured logs from reflecting into the key.
func (Software) LogValue() slog.Value { return slog.StringValue("[redacted software factor]") }
