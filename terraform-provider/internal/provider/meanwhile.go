package provider

import (
	"errors"

	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

// errMeanwhile means that a plan would undo, unseen, what was signed after it was made.
var errMeanwhile = errors.New("changed_meanwhile: somebody changed it after this was planned, and nothing was signed over that; plan again, and see what they did")

// unlessChanged is a build that signs the end of one state of a resource and the
// beginning of the next. A statement says the whole of what it is about, and a plan
// shows the difference to what it was made on: where the roster has something else by
// now, the statement would take that back. now is what the roster has; where that is
// as planned already, nothing is signed.
func unlessChanged[M any](was, planned M, now func(*roster.Roster) (M, error), same func(M, M) bool, build func(*roster.Roster) ([]orglog.Entry, error)) func(*roster.Roster) ([]orglog.Entry, error) {
	return func(r *roster.Roster) ([]orglog.Entry, error) {
		is, err := now(r)
		switch {
		case err != nil:
			return nil, err
		case same(is, planned):
			return nil, nil
		case !same(is, was):
			return nil, errMeanwhile
		}
		return build(r)
	}
}
