//go:build goexperiment.runtimesecret

package envelope

import "runtime/secret"

// Confined says whether this build can erase what a [Confine] call leaves
// behind on stacks, in registers and on the heap.
const Confined = true

// Confine runs f and has the runtime erase the registers and the stack that f
// used when it returns, and what f allocated at the collection that finds it
// unreachable. A result that must outlive the caller's use of it is copied
// into memory that the caller allocated.
func Confine(f func()) { secret.Do(f) }
