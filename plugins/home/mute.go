package home

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Mute keeps the requests of somebody from being announced on this device until a
// time. It is the device's own: nobody else learns of it, the requests stay open
// for others, and lists still show them.
type Mute struct {
	// Requester is an entity id, or a name as requests show it; empty where a
	// consumer is muted.
	Requester string        `json:"requester"`
	Consumer  envelope.ID   `json:"consumer"` // zero where a requester is muted
	Until     envelope.Time `json:"until"`
}

// same says whether two mutes are about the same.
func (m Mute) same(o Mute) bool { return m.Requester == o.Requester && m.Consumer == o.Consumer }

// covers says whether a request is muted at a time.
func (m Mute) covers(q *approval.Request, now time.Time) bool {
	switch {
	case envelope.At(now) >= m.Until:
		return false
	case !m.Consumer.IsZero():
		return m.Consumer == q.Consumer
	}
	return m.Requester != "" && (m.Requester == q.Origin.Entity || m.Requester == q.Origin.Requester)
}

// Mutes are those of a device.
type Mutes []Mute

// Cover says whether any of them mutes a request at a time.
func (all Mutes) Cover(q *approval.Request, now time.Time) bool {
	return slices.ContainsFunc(all, func(m Mute) bool { return m.covers(q, now) })
}

type mutesFile struct {
	format
	Mutes Mutes `json:"mutes"`
}

var mutesFormat = format{Kind: "stillvault-mutes", Version: 1}

// Mutes are what a terminal approver muted and is not over, in the order in which
// it was.
func (h *Home) Mutes(approver string, now time.Time) (Mutes, error) {
	all, _, err := h.loadMutes(approver)
	return slices.DeleteFunc(all, func(m Mute) bool { return envelope.At(now) >= m.Until }), err
}

// Mute begins a mute, or gives one about the same another end.
func (h *Home) Mute(approver string, m Mute, now time.Time) error {
	_, err := h.changeMutes(approver, now, func(all Mutes) Mutes { return append(slices.DeleteFunc(all, m.same), m) })
	return err
}

// Unmute ends a mute, whatever its end was to be; it says whether there was one.
func (h *Home) Unmute(approver string, m Mute, now time.Time) (bool, error) {
	return h.changeMutes(approver, now, func(all Mutes) Mutes { return slices.DeleteFunc(all, m.same) })
}

// changeMutes says whether there are fewer mutes than before.
func (h *Home) changeMutes(approver string, now time.Time, change func(Mutes) Mutes) (bool, error) {
	unlock, err := h.lock("mutes-" + approver)
	if err != nil {
		return false, err
	}
	defer unlock()
	all, path, err := h.loadMutes(approver)
	if err != nil {
		return false, err
	}
	all = slices.DeleteFunc(all, func(m Mute) bool { return envelope.At(now) >= m.Until })
	before := len(all)
	all = change(all)
	return len(all) < before, store(path, mutesFile{mutesFormat, all}, file.WritePrivate)
}

func (h *Home) loadMutes(approver string) (Mutes, string, error) {
	dir, err := h.named("approver", approver)
	if err != nil {
		return nil, "", err
	}
	path := filepath.Join(dir, "mutes.json")
	f, err := load[mutesFile](path, mutesFormat)
	switch {
	case errors.Is(err, ErrNone):
		return Mutes{}, path, nil
	case err != nil:
		return nil, path, fmt.Errorf("mutes of %q: %w", approver, err)
	}
	return f.Mutes, path, nil
}
