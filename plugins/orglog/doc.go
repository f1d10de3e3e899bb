// Package orglog keeps one program's verified copy of the organisation's log:
// what the broker shows is believed only where it extends what was seen before
// ([Memory]), and what the program signs is appended where the log then ends.
//
// [Log] is for everything that reads the roster or changes it. Several
// goroutines may use one at a time; what they sign meanwhile goes to the broker
// together. [Recall] and [Fetch] give a [Copy] to a command that needs it once.
package orglog
