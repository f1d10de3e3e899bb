package desk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// What can be muted.
const (
	muteRequester = "requester"
	muteConsumer  = "consumer"
)

// muteFor is how long a mute lasts, by its name.
var muteFor = map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour}

// ErrMute means that something cannot be muted so.
var ErrMute = errors.New("mute_invalid: mute a requester or a consumer, for an hour or a day")

// mute keeps somebody's requests quiet on this device. It decides nothing: they
// are listed, and can be answered, as ever.
type mute struct {
	What string `json:"what"`
	// Requester and Entity are as they were reported, empty for a consumer.
	Requester string        `json:"requester"`
	Entity    string        `json:"entity"`
	Consumer  envelope.ID   `json:"consumer"` // zero for a requester
	Name      string        `json:"name"`     // as it is shown
	Until     envelope.Time `json:"until"`
}

// key is where a mute is kept: one for each of whom it is about.
func (m mute) key() string {
	of := envelope.SumHash([]byte(m.What), []byte{0}, []byte(m.Requester), []byte{0}, []byte(m.Entity), []byte{0}, m.Consumer[:])
	return keyMuted + of.String()
}

// covers says whether a request is one of those that are to be quiet.
func (m mute) covers(w *waiting) bool {
	o := w.c.Request.Origin
	if w.c.Request.BreakGlass {
		return false // it is meant to be loud
	}
	if m.What == muteConsumer {
		return m.Consumer == w.c.Consumer.ID
	}
	return m.Requester == o.Requester && m.Entity == o.Entity
}

// Muted is a mute as it is shown.
type Muted struct {
	ID    string `json:"id"`
	What  string `json:"what"` // requester or consumer
	Name  string `json:"name"`
	Until string `json:"until"`
}

// Quiet is what is quiet now, and the requests that this changes.
type Quiet struct {
	Keep
	Mutes    []Muted `json:"mutes"`
	Requests []Card  `json:"requests"`
}

type muteArgs struct {
	Hash string `json:"hash"` // of a request of theirs
	What string `json:"what"`
	For  string `json:"for"` // hour or day
}

// mute keeps the requests of one's requester, or of its consumer, quiet for a
// while. Muted again, the time counts from now.
func (d *Desk) mute(a muteArgs) (*Quiet, error) {
	w, err := d.listing.find(a.Hash)
	if err != nil {
		return nil, err
	}
	lasts, known := muteFor[a.For]
	o := w.c.Request.Origin
	m := mute{What: a.What, Until: envelope.At(d.now.Add(lasts))}
	switch {
	case known && a.What == muteRequester:
		m.Requester, m.Entity = o.Requester, o.Entity
		m.Name = cmp.Or(o.Requester, o.Entity)
	case known && a.What == muteConsumer:
		m.Consumer, m.Name = w.c.Consumer.ID, w.c.Consumer.Name
	default:
		return nil, fmt.Errorf("%q for %q: %w", a.What, a.For, ErrMute)
	}
	if err := putAs(&d.kept, m.key(), m); err != nil {
		return nil, err
	}
	return d.quiet(), nil
}

type unmuteArgs struct {
	ID string `json:"id"`
}

// unmute lets somebody's requests call again.
func (d *Desk) unmute(a unmuteArgs) (*Quiet, error) {
	d.kept.drop(keyMuted + a.ID)
	return d.quiet(), nil
}

func (d *Desk) quiet() *Quiet {
	mutes := d.mutes()
	return &Quiet{Mutes: shownMutes(mutes), Requests: d.cards(mutes)}
}

// mutes are those in force, the one that ends first in front. What is over, or
// cannot be read, mutes nothing and is forgotten.
func (d *Desk) mutes() []mute {
	var list []mute
	for _, key := range d.kept.below(keyMuted) {
		m, _, err := getAs[mute](&d.kept, key)
		if err != nil || m.Until <= envelope.At(d.now) || m.Until > envelope.At(d.now.Add(muteFor["day"])) {
			d.kept.drop(key)
			continue
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b mute) int { return cmp.Compare(a.Until, b.Until) })
	return list
}

func shownMutes(mutes []mute) []Muted {
	list := []Muted{}
	for _, m := range mutes {
		list = append(list, Muted{ID: m.key()[len(keyMuted):], What: m.What, Name: m.Name, Until: shown(m.Until)})
	}
	return list
}

// cards are the open requests as they are shown now; those that are quiet say
// until when.
func (d *Desk) cards(mutes []mute) []Card {
	list := []Card{}
	for _, w := range d.listing.open {
		card := w.card
		for _, m := range mutes {
			if m.covers(w) {
				card.Muted = shown(m.Until) // the last one is the longest
			}
		}
		list = append(list, card)
	}
	return list
}
