package desk

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// The kinds of what an enrolment begins with.
const (
	kindTicket   = "ticket"
	kindHandover = "handover"
	kindRestore  = "restore" // a backup file
)

// invite is what an enrolment begins with: a link, or a backup file, which is one
// without a secret.
type invite struct {
	kind string
	roster.Link
	base     string // of the mount's API, empty where the link does not say
	fragment string // the link itself
	offered  *offered
}

// Link is a link as the page shows it.
type Link struct {
	Keep
	Kind              string `json:"kind"`
	ID                string `json:"id"` // of the ticket or handover, zero for a backup
	Name              string `json:"name"`
	Organisation      string `json:"organisation"`
	OrganisationWords string `json:"organisationWords"`
	Mount             string `json:"mount"`
	Expires           string `json:"expires"`
	Base              string `json:"base"`
}

func (i *invite) shown() *Link {
	l := &Link{
		Kind: i.kind, ID: i.ID.String(), Name: i.Name, Organisation: i.Organisation.String(),
		OrganisationWords: organisationWords(i.Organisation), Mount: i.Mount.String(), Base: i.base,
	}
	if i.Expires > 0 {
		l.Expires = shown(i.Expires)
	}
	return l
}

func (i *invite) wipe() {
	if i == nil {
		return
	}
	i.Secret.Wipe()
	i.offered.wipe()
}

// storedLink is a link that was read and not yet answered. It can be answered
// once; it opens nothing.
type storedLink struct {
	Fragment string `json:"fragment"`
}

type readLinkArgs struct {
	Fragment string `json:"fragment"`
}

// readLink reads what stands behind the # of a link. A link that is read again
// changes nothing.
func (d *Desk) readLink(a readLinkArgs) (*Link, error) {
	i, err := readInvite(a.Fragment)
	if err != nil {
		return nil, err
	}
	if d.me != nil && d.me.Post != nil && d.me.Post.Enrolment == i.ID.String() {
		defer i.wipe()
		return i.shown(), nil
	}
	if envelope.At(d.now) >= i.Expires {
		defer i.wipe()
		return nil, fmt.Errorf("link for %s: %w", i.Name, roster.ErrTicketExpired)
	}
	if d.me != nil {
		defer i.wipe()
		return nil, fmt.Errorf("link for %s: %w", i.Name, ErrEnrolled)
	}
	if d.invite != nil && d.invite.ID == i.ID {
		i.wipe()
		return d.invite.shown(), nil
	}
	if err := putAs(&d.kept, keyLink, storedLink{i.fragment}); err != nil {
		return nil, err
	}
	d.kept.drop(keyDraft)
	d.forgetInvite()
	d.invite = i
	return i.shown(), nil
}

// readInvite reads a link: a ticket's or a handover's text, and behind a ~ where
// the mount's API is, unless it is where the app is.
func readInvite(fragment string) (*invite, error) {
	text, where, further := strings.Cut(strings.TrimPrefix(strings.TrimSpace(fragment), "#"), "~")
	i := &invite{fragment: strings.TrimPrefix(strings.TrimSpace(fragment), "#")}
	if further {
		var base envelope.Bytes
		if err := base.UnmarshalText([]byte(where)); err != nil {
			return nil, fmt.Errorf("where the broker is: %w", ErrLink)
		}
		var err error
		if i.base, err = readBase(string(base)); err != nil {
			return nil, err
		}
	}
	if t, err := roster.ParseTicket(text); err == nil {
		i.kind, i.Link = kindTicket, t.Link
		return i, nil
	}
	h, err := roster.ParseHandover(text)
	if err != nil {
		return nil, ErrLink // what was pasted is not repeated: it may be a whole link but one character
	}
	i.kind, i.Link = kindHandover, h.Link
	return i, nil
}

// readBase reads the address of a mount's API. What calls go to is confined by
// the page's Content-Security-Policy; this keeps out what is no address at all.
func readBase(base string) (string, error) {
	rest, secure := strings.CutPrefix(base, "https://")
	if !secure {
		var plain bool
		if rest, plain = strings.CutPrefix(base, "http://"); !plain {
			return "", fmt.Errorf("where the broker is: %w", ErrLink)
		}
	}
	if rest == "" || strings.ContainsAny(rest, "#?\\@ ") || !roster.Printable(rest) {
		return "", fmt.Errorf("where the broker is: %w", ErrLink)
	}
	return strings.TrimRight(base, "/"), nil
}

// checkDeviceName refuses early what no certificate could carry.
func checkDeviceName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > keyring.MaxDeviceName || !roster.Printable(name) {
		return "", ErrDeviceName
	}
	return name, nil
}

// spelt returns the words of a text.
func spelt(words string) []string { return append([]string{}, strings.Fields(words)...) }
