package roster

import (
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// ConsumerKind says what a consumer is.
type ConsumerKind string

// The kinds of consumers.
const (
	ConsumerMount     ConsumerKind = "mount"     // the Vault mount itself, for `vault read`
	ConsumerHost      ConsumerKind = "host"      // an agent or command on a host
	ConsumerCI        ConsumerKind = "ci"        // a job without memory between runs
	ConsumerTerraform ConsumerKind = "terraform" // a Terraform run
)

// ConsumerAdmit admits what may receive plaintext, and write it, where a policy
// names it. Mount is the mount's id for [ConsumerMount], zero otherwise.
type ConsumerAdmit struct {
	ID      envelope.ID        `json:"id"`
	Name    string             `json:"name"`
	Kind    ConsumerKind       `json:"kind"`
	Signing envelope.VerifyKey `json:"signing"`
	Mount   envelope.ID        `json:"mount"`
}

// ConsumerSet replaces what a consumer in force is called. Its key and id stay, so
// that policies and what it wrote, which hold the id, know nothing of it.
type ConsumerSet struct {
	ID   envelope.ID `json:"id"`
	Name string      `json:"name"`
}

// ConsumerRevoke ends a consumer. What it wrote stays readable unless its key
// is Compromised: then nothing that key signed is believed any more, whenever
// it claims to have signed it, and the versions it wrote must be rewritten.
type ConsumerRevoke struct {
	ID          envelope.ID `json:"id"`
	Compromised bool        `json:"compromised"`
}

// Consumer is a consumer as the roster knows it.
type Consumer struct {
	ConsumerAdmit
	Revoked     bool
	Compromised bool
	from, until uint64 // statements that admitted and revoked it; until is 0 while in force
}

func applyConsumerAdmit(r *Roster, st Statement, b ConsumerAdmit) error {
	if err := checkNew(b.ID, b.Name, r.consumers[b.ID] != nil); err != nil {
		return err
	}
	switch b.Kind {
	case ConsumerMount, ConsumerHost, ConsumerCI, ConsumerTerraform:
	default:
		return fmt.Errorf("kind %q: %w", b.Kind, ErrStatement)
	}
	if b.Signing.IsZero() || b.Mount.IsZero() != (b.Kind != ConsumerMount) {
		return fmt.Errorf("key or mount id missing or misplaced: %w", ErrStatement)
	}
	if err := b.Signing.Check(); err != nil {
		return err
	}
	for _, c := range r.consumers {
		if c.Signing == b.Signing || c.Name == b.Name && !c.Revoked {
			return fmt.Errorf("consumer %q has this name or key: %w", c.Name, ErrStatement)
		}
	}
	r.consumers[b.ID] = &Consumer{ConsumerAdmit: b, from: st.Seq}
	return nil
}

func applyConsumerSet(r *Roster, _ Statement, b ConsumerSet) error {
	c, err := r.Consumer(b.ID)
	if err != nil {
		return err
	}
	if err := CheckName(b.Name); err != nil {
		return err
	}
	for _, other := range r.consumers {
		if other.Name == b.Name && !other.Revoked && other != c {
			return fmt.Errorf("a consumer named %q exists: %w", b.Name, ErrStatement)
		}
	}
	c.Name = b.Name
	return nil
}

func applyConsumerRevoke(r *Roster, st Statement, b ConsumerRevoke) error {
	c := r.consumers[b.ID]
	switch {
	case c == nil:
		return fmt.Errorf("consumer %s: %w", b.ID, ErrUnknown)
	case c.Revoked && (c.Compromised || !b.Compromised):
		return fmt.Errorf("consumer %q: %w", c.Name, ErrRevoked)
	case !c.Revoked:
		c.Revoked, c.until = true, st.Seq
	}
	c.Compromised = b.Compromised
	return nil
}

// Consumer returns a consumer in force; [ErrUnknown] or [ErrRevoked] otherwise.
func (r *Roster) Consumer(id envelope.ID) (*Consumer, error) {
	c := r.consumers[id]
	switch {
	case c == nil:
		return nil, fmt.Errorf("consumer %s: %w", id, ErrUnknown)
	case c.Revoked:
		return nil, fmt.Errorf("consumer %q: %w", c.Name, ErrRevoked)
	}
	return c, nil
}

// ConsumerAt returns a consumer that was in force at a head, to check what it
// signed then. One whose key is known to be compromised is [ErrRevoked] for
// every head: whoever has the key can claim any.
func (r *Roster) ConsumerAt(id envelope.ID, at Head) (*Consumer, error) {
	c, err := r.FormerConsumerAt(id, at)
	if err == nil && c.Compromised {
		return nil, fmt.Errorf("consumer %q at statement %d: its key is compromised: %w", c.Name, at.Seq, ErrRevoked)
	}
	return c, err
}

// FormerConsumerAt returns a consumer that was in force at a head even if its
// key is known to be compromised now: for what others have confirmed since, a
// chain that goes on after it or a decision about its request, never to believe
// the consumer itself.
func (r *Roster) FormerConsumerAt(id envelope.ID, at Head) (*Consumer, error) {
	c := r.consumers[id]
	switch {
	case c == nil || at.Seq < c.from:
		return nil, fmt.Errorf("consumer %s at statement %d: %w", id, at.Seq, ErrUnknown)
	case c.Revoked && at.Seq >= c.until:
		return nil, fmt.Errorf("consumer %q at statement %d: %w", c.Name, at.Seq, ErrRevoked)
	}
	return c, nil
}

// FormerConsumer returns a consumer whether in force or revoked, to name who
// asked for what a receipt records.
func (r *Roster) FormerConsumer(id envelope.ID) (*Consumer, error) {
	if c := r.consumers[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("consumer %s: %w", id, ErrUnknown)
}

// Consumers returns the consumers in force, by name.
func (r *Roster) Consumers() []*Consumer {
	return inForce(r.consumers, func(c *Consumer) bool { return !c.Revoked }, func(c *Consumer) string { return c.Name })
}

// ConsumerNamed returns the consumer in force that has a name.
func (r *Roster) ConsumerNamed(name string) (*Consumer, error) {
	return named("consumer", name, r.Consumers(), func(c *Consumer) string { return c.Name })
}
