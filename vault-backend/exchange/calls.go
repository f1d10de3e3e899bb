package exchange

import (
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Limits of one device's inbox calls. They keep a stolen device, or one with a
// bug, from filling memory.
const (
	maxCalls = 4000 // within callWindow
	maxPolls = 8    // that block at the same time
)

// callWindow is how long a call must be remembered: one made by a clock that is
// ahead is acceptable until that much later.
const callWindow = 2 * approval.MaxClockSkew

// callLog remembers the inbox calls of the last minutes, so that none is answered
// twice. mu guards it.
type callLog struct {
	seen    map[envelope.Hash]bool
	queue   []call // oldest first
	devices map[envelope.ID]*deviceCalls
}

type call struct {
	hash   envelope.Hash
	device envelope.ID
	until  envelope.Time
}

type deviceCalls struct {
	calls, polls int
	told         uint64        // the last ending that the device was told of
	loud         uint64        // and the last change of what every device is told
	noted        envelope.Hash // and the re-shares
}

func newCallLog() callLog {
	return callLog{seen: map[envelope.Hash]bool{}, devices: map[envelope.ID]*deviceCalls{}}
}

// note remembers a call that was verified; [ErrInboxReplayed] if it is known.
func (l *callLog) note(hash envelope.Hash, device envelope.ID, now envelope.Time) error {
	for len(l.queue) > 0 && l.queue[0].until <= now {
		delete(l.seen, l.queue[0].hash)
		l.less(l.queue[0].device)
		l.queue = l.queue[1:]
	}
	if l.seen[hash] {
		return ErrInboxReplayed
	}
	d := l.of(device)
	if d.calls >= maxCalls {
		return ErrInboxCap
	}
	d.calls++
	l.seen[hash] = true
	l.queue = append(l.queue, call{hash, device, now.Add(callWindow)})
	return nil
}

func (l *callLog) of(device envelope.ID) *deviceCalls {
	d := l.devices[device]
	if d == nil {
		d = &deviceCalls{}
		l.devices[device] = d
	}
	return d
}

func (l *callLog) less(device envelope.ID) {
	d := l.of(device)
	if d.calls--; d.calls == 0 && d.polls == 0 {
		delete(l.devices, device)
	}
}

// poll counts a call that is about to block; unpoll counts it out.
func (l *callLog) poll(device envelope.ID) error {
	d := l.of(device)
	if d.polls >= maxPolls {
		return ErrInboxCap
	}
	d.polls++
	return nil
}

func (l *callLog) unpoll(device envelope.ID) {
	d := l.of(device)
	if d.polls--; d.calls == 0 && d.polls == 0 {
		delete(l.devices, device)
	}
}
