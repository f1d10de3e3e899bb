package main

import (
	"os"
	"runtime/debug"
)

// garbage is how much memory may be garbage, in per cent of what is used: a
// provider lives as long as a plan and uses a few MiB, and would spend a good
// part of its time on collecting what the end of its process gives back.
const garbage = 300

// roomy lets garbage lie, unless GOGC says how much may.
func roomy() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}
