package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// Ticket is an enrolment ticket that waits here for its admission, and what is
// to be admitted with it.
type Ticket struct {
	roster.Ticket
	Entities []string // Vault entity ids that are the same person
}

type ticketFile struct {
	format
	ID           envelope.ID   `json:"id"`
	Organisation envelope.Hash `json:"organisation"`
	Mount        envelope.ID   `json:"mount"`
	Approver     envelope.ID   `json:"approver"`
	Name         string        `json:"name"`
	Expires      envelope.Time `json:"expires"`
	Secret       file.KeyText  `json:"secret"`
	Entities     []string      `json:"entities"`
}

var ticketFormat = format{Kind: "stillvault-ticket", Version: 1}

func (h *Home) ticketPath(name string) (string, error) {
	if err := roster.CheckName(name); err != nil {
		return "", err
	}
	return h.path("org", "tickets", name+".json"), nil
}

// StoreTicket keeps a ticket until its approver is admitted; one for the same
// name is replaced.
func (h *Home) StoreTicket(t Ticket) error {
	path, err := h.ticketPath(t.Name)
	if err != nil {
		return err
	}
	if t.Entities == nil {
		t.Entities = []string{}
	}
	return store(path, ticketFile{
		format: ticketFormat, ID: t.ID, Organisation: t.Organisation, Mount: t.Mount, Approver: t.Approver, Name: t.Name,
		Expires: t.Expires, Secret: file.KeyText{Key: t.Secret}, Entities: t.Entities,
	}, file.WritePrivate)
}

// Ticket reads the ticket for a name; ErrNone where there is none. The caller
// wipes its secret.
func (h *Home) Ticket(name string) (Ticket, error) {
	path, err := h.ticketPath(name)
	if err != nil {
		return Ticket{}, err
	}
	f, err := load[ticketFile](path, ticketFormat)
	if err != nil {
		return Ticket{}, fmt.Errorf("ticket of %q: %w", name, err)
	}
	return Ticket{roster.Ticket{Link: roster.Link{ID: f.ID, Organisation: f.Organisation, Mount: f.Mount, Approver: f.Approver, Name: f.Name, Expires: f.Expires, Secret: f.Secret.Key}}, f.Entities}, nil
}

// DropTicket forgets the ticket for a name.
func (h *Home) DropTicket(name string) error {
	path, err := h.ticketPath(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
