// Package desk is everything that an approver's phone decides: enrolment, what
// waits and whether it may be shown, approving and denying, sharing secrets anew
// for whom policies name now, alarms, handing a keyring over, and what must not be
// forgotten.
//
// It does no I/O and knows nothing of browsers. Whoever drives it begins with
// [New] and calls [Desk.Do] for every operation; the table of operations stands in
// ops.go. What has to survive is a flat map of strings. An operation that changes
// it returns the changes under "keep", and its driver stores all of them at once,
// before anything is sent or shown; where that fails, it opens the desk again with
// what is stored.
//
// A desk decides as `stillvault approve` does in a terminal: a request is reviewed
// with core, reviewed again when the person decides, answered at most once, and
// the decision is written down before it is sent.
package desk
