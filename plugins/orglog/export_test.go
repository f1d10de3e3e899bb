package orglog

// Waiting is how many changes wait for their turn.
func (l *Log) Waiting() int {
	l.queueing.Lock()
	defer l.queueing.Unlock()
	return len(l.queue)
}

// SignAttempts is how often a change is signed on top of one and the same log.
const SignAttempts = signAttempts
