package home

import (
	"errors"
	"fmt"
	"slices"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

var (
	// ErrUnpinned means that this machine does not know its organisation yet.
	ErrUnpinned = errors.New("organisation_unpinned: this machine does not know which organisation it belongs to; ask its signer for the id that `stillvault org show` prints, or take the id of Terraform's stillvault_organization, then run `stillvault org pin ID`")
	// ErrPinned means that this machine belongs to an organisation already.
	ErrPinned = errors.New("organisation_exists: this machine belongs to an organisation already; use another --home for a second one")
	// ErrMount means that a mount has another id than before.
	ErrMount = errors.New("mount_changed: the mount at this address has another id than the one seen before; if it was set up anew on purpose, run `stillvault org log push --new-mount`")
)

// Pins are what this machine holds on to, whatever a broker says.
type Pins struct {
	Organisation envelope.Hash
	Head         roster.Head // the newest one seen
	Mounts       []MountPin
}

// MountPin is the id that a mount had when it was first seen.
type MountPin struct {
	Address string      `json:"address"`
	Path    string      `json:"path"`
	ID      envelope.ID `json:"id"`
}

type pinsFile struct {
	format
	Organisation envelope.Hash `json:"organisation"`
	Head         roster.Head   `json:"head"`
	Mounts       []MountPin    `json:"mounts"`
}

var pinsFormat = format{Kind: "stillvault-pins", Version: 1}

// Pins reads the pins; ErrUnpinned where there are none.
func (h *Home) Pins() (Pins, error) {
	f, err := load[pinsFile](h.path("pins.json"), pinsFormat)
	if errors.Is(err, ErrNone) {
		return Pins{}, ErrUnpinned
	}
	return Pins{f.Organisation, f.Head, f.Mounts}, err
}

func (h *Home) storePins(p Pins) error {
	if p.Mounts == nil {
		p.Mounts = []MountPin{}
	}
	return store(h.path("pins.json"), pinsFile{pinsFormat, p.Organisation, p.Head, p.Mounts}, file.WritePrivate)
}

// Pin holds on to an organisation. Another one than before is
// [roster.ErrOrganisation].
func (h *Home) Pin(organisation envelope.Hash) error {
	unlock, err := h.lock("pins")
	if err != nil {
		return err
	}
	defer unlock()
	p, err := h.Pins()
	switch {
	case errors.Is(err, ErrUnpinned):
		// Until the log was seen, only its first statement is known: it has the
		// organisation's id for its hash.
		return h.storePins(Pins{Organisation: organisation, Head: roster.Head{Seq: 0, Hash: organisation}})
	case err != nil:
		return err
	case p.Organisation != organisation:
		return fmt.Errorf("pin %s: %s is pinned in %s: %w", organisation, p.Organisation, h.dir, roster.ErrOrganisation)
	}
	return nil
}

// PinMount holds on to the id of the mount at an address and path; another one
// than before is ErrMount. It says whether the id is new here.
func (h *Home) PinMount(address, path string, id envelope.ID) (first bool, err error) {
	unlock, err := h.lock("pins")
	if err != nil {
		return false, err
	}
	defer unlock()
	p, err := h.Pins()
	if err != nil {
		return false, err
	}
	for _, m := range p.Mounts {
		if m.Address == address && m.Path == path {
			if m.ID != id {
				return false, fmt.Errorf("%s at %s: %w", path, address, ErrMount)
			}
			return false, nil
		}
	}
	p.Mounts = append(p.Mounts, MountPin{address, path, id})
	return true, h.storePins(p)
}

// Mount returns the id of the mount at an address and path that was seen
// before; ErrNone where none was.
func (h *Home) Mount(address, path string) (envelope.ID, error) {
	p, err := h.Pins()
	if err != nil {
		return envelope.ID{}, err
	}
	for _, m := range p.Mounts {
		if m.Address == address && m.Path == path {
			return m.ID, nil
		}
	}
	return envelope.ID{}, fmt.Errorf("mount %s at %s: %w", path, address, ErrNone)
}

// ForgetMount lets the mount at an address and path have another id from now on.
func (h *Home) ForgetMount(address, path string) error {
	unlock, err := h.lock("pins")
	if err != nil {
		return err
	}
	defer unlock()
	p, err := h.Pins()
	if err != nil {
		return err
	}
	p.Mounts = slices.DeleteFunc(p.Mounts, func(m MountPin) bool { return m.Address == address && m.Path == path })
	return h.storePins(p)
}
