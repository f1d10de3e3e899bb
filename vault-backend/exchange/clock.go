package exchange

import "time"

// Clock is the time that requests live in. [Config.Clock] is the system's unless
// a test brings its own.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f, in a goroutine of its own or the clock's, once d has
	// passed, unless stop is called before.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// systemClock is the time package's.
type systemClock struct{}

// Now returns the system's time.
func (systemClock) Now() time.Time { return time.Now() }

// AfterFunc is [time.AfterFunc].
func (systemClock) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// timeUp returns a channel that is closed after d, and a function that gives the
// timer back.
func timeUp(c Clock, d time.Duration) (<-chan struct{}, func()) {
	rang := make(chan struct{})
	return rang, c.AfterFunc(d, func() { close(rang) })
}
