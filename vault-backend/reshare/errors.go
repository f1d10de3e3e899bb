package reshare

import (
	"errors"
	"strings"
)

// ErrUnknown means that a re-share is asked for no more: everything was shared anew,
// or the policy or its people changed since and another request took its place. 410.
var ErrUnknown = errors.New("reshare_unknown: this re-share is over, or another has taken its place; fetch the inbox for what is asked now")

// nameOfError returns the name of the innermost error, which is a sentinel's where
// the error is one of ours.
func nameOfError(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	name, _, _ := strings.Cut(err.Error(), ":")
	return name
}
