//go:build !goexperiment.runtimesecret

package envelope

// Confined says whether this build can erase what a [Confine] call leaves
// behind on stacks, in registers and on the heap.
const Confined = false

// Confine runs f. In builds with GOEXPERIMENT=runtimesecret it also has the
// runtime erase what f leaves behind; this build has only explicit wiping.
func Confine(f func()) { f() }
