package backend

import (
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// Limits of handovers.
const (
	handoverTime = 10 * time.Minute
	// handoverKept is how long one that is over is remembered: longer than a
	// signed call is taken, so that no old call opens it again.
	handoverKept       = 3 * approval.MaxClockSkew
	maxHandovers       = 1000 // of the mount, those that are over included
	maxDeviceHandovers = 4    // of one device, that are not over
)

// States of a handover.
const (
	handoverOpen    = "open"
	handoverOffered = "offered"
	handoverGiven   = "given"
)

// mailbox is where two devices of one approver leave each other what they need
// to hand a keyring over. It is in memory only: whoever finds it gone begins
// again. What lies in it is sealed to the new device, and again with a key that
// went from one screen to the other.
type mailbox struct {
	mu    sync.Mutex
	boxes map[envelope.ID]*box
}

// box is one handover.
type box struct {
	device envelope.ID   // that opened it
	token  envelope.Hash // of what the new device shows
	until  envelope.Time
	offer  string // empty until the new device answered
	sealed string // empty until the keyring was given
}

func (b *box) state() string {
	switch {
	case b.sealed != "":
		return handoverGiven
	case b.offer != "":
		return handoverOffered
	}
	return handoverOpen
}

// call takes a device's verified call: it opens the handover that it names, and,
// with sealed, gives. The same again changes nothing.
func (m *mailbox) call(c *approval.HandoverCall, sealed string, now envelope.Time) (box, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetLocked(now)
	b := m.boxes[c.Handover]
	if b == nil {
		if sealed != "" {
			return box{}, errNoHandover
		}
		return m.openLocked(c, now)
	}
	switch {
	case b.device != c.Device || b.token != c.Token:
		return box{}, errHandoverKnown
	case now >= b.until:
		return box{}, errHandoverOver
	case sealed == "" || sealed == b.sealed:
	case b.sealed != "":
		return box{}, errHandoverKnown
	case b.offer == "":
		return box{}, errHandoverEmpty
	default:
		b.sealed = sealed
	}
	return *b, nil
}

func (m *mailbox) openLocked(c *approval.HandoverCall, now envelope.Time) (box, error) {
	open := 0
	for _, b := range m.boxes {
		if b.device == c.Device && now < b.until {
			open++
		}
	}
	if open >= maxDeviceHandovers || len(m.boxes) >= maxHandovers {
		return box{}, fmt.Errorf("%d of this device, %d in all: %w", open, len(m.boxes), errHandoverCap)
	}
	if m.boxes == nil {
		m.boxes = map[envelope.ID]*box{}
	}
	b := &box{device: c.Device, token: c.Token, until: now.Add(handoverTime)}
	m.boxes[c.Handover] = b
	return *b, nil
}

// find returns the handover that a new device may answer: it has to show the
// token of its link.
func (m *mailbox) find(id envelope.ID, token *envelope.Key, now envelope.Time) (box, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.findLocked(id, token, now)
	if err != nil {
		return box{}, err
	}
	return *b, nil
}

func (m *mailbox) findLocked(id envelope.ID, token *envelope.Key, now envelope.Time) (*box, error) {
	b := m.boxes[id]
	if b == nil {
		return nil, errNoHandover
	}
	shown := envelope.SumHash(token.Bytes())
	if subtle.ConstantTimeCompare(shown[:], b.token[:]) != 1 {
		return nil, errHandoverToken
	}
	if now >= b.until {
		return nil, errHandoverOver
	}
	return b, nil
}

// answer takes a new device's offer, of which there can be one, and returns what
// it was given.
func (m *mailbox) answer(id envelope.ID, token *envelope.Key, offer string, now envelope.Time) (box, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.findLocked(id, token, now)
	if err != nil {
		return box{}, err
	}
	if b.offer != "" && b.offer != offer {
		return box{}, errHandoverAnswered
	}
	b.offer = offer
	return *b, nil
}

// drop ends a handover whose device may no longer give.
func (m *mailbox) drop(id envelope.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.boxes, id)
}

// forget empties handovers that are over, and later forgets them.
func (m *mailbox) forget(now envelope.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetLocked(now)
}

func (m *mailbox) forgetLocked(now envelope.Time) {
	for id, b := range m.boxes {
		switch {
		case now >= b.until.Add(handoverKept):
			delete(m.boxes, id)
		case now >= b.until:
			b.offer, b.sealed = "", ""
		}
	}
}
