package secret

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// together runs independent tasks on all cores, the caller's goroutine among
// them, and returns their errors in the order of the tasks. A caller's
// [envelope.Confine] does not reach into other goroutines: a task itself confines
// what it does with keys.
func together(tasks []func() error) error {
	errs := make([]error, len(tasks))
	var taken atomic.Int64
	work := func() {
		for i := taken.Add(1) - 1; int(i) < len(tasks); i = taken.Add(1) - 1 {
			errs[i] = tasks[i]()
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	return errors.Join(errs...)
}
