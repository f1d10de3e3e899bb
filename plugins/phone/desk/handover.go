package desk

import "github.com/stillvault/stillvault/core/envelope"

// offered is what a new device keeps in memory while it waits for a keyring.
type offered struct {
	device string
	seed   *envelope.Key
}
