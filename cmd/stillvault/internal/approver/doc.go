// Package approver is an approver's desk in a terminal: it shows what waits for
// the approver's device, asks, and answers.
//
// [Session.Run] does everything in one goroutine, so that the roster, the cards
// and the memory have one owner; only calls to the broker and reads from the
// terminal happen beside it. What a person is shown has passed
// [approval.Reviewer], and passes it again when they have answered: the
// organisation may have changed its mind in between.
//
// A decision is written down before it is sent ([Memory.Record]). One whose
// sending was interrupted is sent again first thing, so that the device's chain
// of receipts has no gap.
package approver
