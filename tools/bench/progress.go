package main

import (
	"fmt"
	"io"
	"time"
)

// progress says on standard error what goes on, so that standard output holds
// the tables alone.
type progress struct {
	to    io.Writer
	start time.Time
}

func (p *progress) say(format string, values ...any) {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	fmt.Fprintf(p.to, "[%4.0f s] %s\n", time.Since(p.start).Seconds(), fmt.Sprintf(format, values...))
}
