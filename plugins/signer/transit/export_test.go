package transit

import "time"

// SetLimit changes how long a signature may take. Opening had its own time by then.
func (s *Signer) SetLimit(limit time.Duration) { s.vault.limit = limit }
