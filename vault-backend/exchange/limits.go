package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// place is what cooldowns apply to: a requester at a path. Breaking the glass has
// cooldowns of its own: it asks other people, and nobody who is asked for ordinary
// reads may lock an emergency out.
type place struct {
	who, path string
	glass     bool
}

// cooldown is the time after a denial in which the same requester asks nobody
// for the same path.
type cooldown struct {
	until  envelope.Time
	denial string      // who said what, for people
	report envelope.ID // the request whose report it is for; zero for an ordinary denial
}

// cooldownEntry is a cooldown as stored at cooldown/<SHA-256 of the place>.
type cooldownEntry struct {
	Who    string        `json:"who"`
	Path   string        `json:"path"`
	Glass  bool          `json:"glass"`
	Until  envelope.Time `json:"until"`
	Denial string        `json:"denial"`
	Report envelope.ID   `json:"report"`
}

const cooldownFolder = "cooldown/"

func (p place) entry() string {
	return cooldownFolder + envelope.SumHash([]byte(fmt.Sprintf("%d/%s/%s/%t", len(p.who), p.who, p.path, p.glass))).String()
}

// admit checks that a requester may open a request for a version. It returns the
// roster's epoch, before anything of the roster is read.
func (x *Exchange) admit(s slot, version uint64, limits Limits) (uint64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.epoch, x.admitLocked(s, version, limits)
}

// admitLocked is admit with mu held.
func (x *Exchange) admitLocked(s slot, version uint64, limits Limits) error {
	now, who, path := x.now(), s.who, s.path
	if c, ok := x.cooldowns[place{who, path, s.glass}]; ok && now < c.until {
		sentinel := ErrDeniedRecently
		if !c.report.IsZero() {
			sentinel = ErrReported
		}
		return tell(sentinel, "%s; %q can be asked for again after %s, in %s", c.denial, path, clockTime(c.until), c.until.Sub(now).Round(time.Second))
	}
	switch {
	case x.drained || limits.Drain || x.closed:
		return tell(ErrDraining, "nobody was asked for %q", path)
	}
	if err := x.inTheWay(s, version); err != nil {
		return err
	}
	switch {
	case x.waiting[who] >= limits.MaxPendingEntity:
		return tell(ErrCap, "%d requests of this requester wait for an answer, as many as may", x.waiting[who])
	case x.pending >= limits.MaxPending:
		return tell(ErrCap, "%d requests wait for an answer on this mount, as many as may", x.pending)
	}
	return nil
}

// coolAfter stores the cooldown after a denial, and puts it in force.
func (x *Exchange) coolAfter(ctx context.Context, r *request, g *ruling) error {
	rec := &g.vetted.Receipt
	c := cooldown{until: x.now().Add(x.cfg.Limits().Cooldown), denial: g.name + " denied it" + grounds(rec.Reason)}
	if rec.Report {
		c.until = x.now().Add(max(reportedCooldown, x.cfg.Limits().Cooldown))
		c.denial, c.report = g.name+" denied and reported it"+grounds(rec.Reason), r.id
	}
	return x.cool(ctx, place{r.who, r.path, r.glass}, c)
}

// grounds are what somebody gave for a denial, after what they did.
func grounds(reason string) string {
	if reason == "" {
		return " without a reason"
	}
	return fmt.Sprintf(" with %q", reason)
}

// cool stores a cooldown and puts it in force, unless a longer one is.
func (x *Exchange) cool(ctx context.Context, p place, c cooldown) error {
	x.mu.Lock()
	longer := x.cooldowns[p].until > c.until
	x.mu.Unlock()
	if longer {
		return nil
	}
	entry, err := envelope.Encode(cooldownEntry{Who: p.who, Path: p.path, Glass: p.glass, Until: c.until, Denial: c.denial, Report: c.report})
	if err != nil {
		return err
	}
	if err := x.cfg.Store.Put(ctx, p.entry(), entry); err != nil {
		return fmt.Errorf("store the cooldown after a denial: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cooldowns[p] = c
	return nil
}

// warm ends the cooldown that a report began, if it still lasts.
func (x *Exchange) warm(ctx context.Context, p place, report envelope.ID) error {
	x.mu.Lock()
	c, known := x.cooldowns[p]
	x.mu.Unlock()
	if !known || c.report != report {
		return nil
	}
	if err := x.cfg.Store.Delete(ctx, p.entry()); err != nil {
		return fmt.Errorf("end the cooldown after a report: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cooldowns[p].report == report {
		delete(x.cooldowns, p)
	}
	return nil
}

// restoreCooldowns reads back the cooldowns that are not over.
func (x *Exchange) restoreCooldowns(ctx context.Context) error {
	names, err := x.cfg.Store.List(ctx, cooldownFolder)
	if err != nil {
		return fmt.Errorf("restore cooldowns: %w", err)
	}
	for _, name := range names {
		raw, err := x.cfg.Store.Get(ctx, cooldownFolder+name)
		if err != nil {
			return fmt.Errorf("restore cooldowns: %w", err)
		}
		if raw == nil {
			continue
		}
		entry, err := envelope.Decode[cooldownEntry](raw)
		if err != nil {
			x.cfg.Logger.Error("a stored cooldown cannot be read", "entry", name, "error", err)
			continue
		}
		x.mu.Lock()
		x.cooldowns[place{entry.Who, entry.Path, entry.Glass}] = cooldown{until: entry.Until, denial: entry.Denial, report: entry.Report}
		x.mu.Unlock()
	}
	return nil
}

// clearCooldowns forgets the cooldowns that are over.
func (x *Exchange) clearCooldowns(ctx context.Context) {
	var over []place
	x.mu.Lock()
	now := x.now()
	for p, c := range x.cooldowns {
		if c.until <= now {
			over = append(over, p)
			delete(x.cooldowns, p)
		}
	}
	x.mu.Unlock()
	for _, p := range over {
		if err := x.cfg.Store.Delete(ctx, p.entry()); err != nil {
			x.cfg.Logger.Warn("could not delete a cooldown that is over", "error", err)
		}
	}
}
