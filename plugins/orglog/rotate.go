package orglog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

var (
	// ErrHeld means that the organisation has the key already that it was to be
	// moved to.
	ErrHeld = errors.New("organisation_held: this signer's key is the Org Identity key already, and nothing was signed; name another signer to move the organisation to")
	// ErrRecovery means that a key is not the recovery key in force.
	ErrRecovery = errors.New("recovery_key_mismatch: this is not the recovery key that the organisation's log commits to; give the one that was made when it was founded or, where it was rotated since, the one that was made then")
	// ErrNextRecovery means that a key cannot be the next recovery key.
	ErrNextRecovery = errors.New("recovery_key_reused: the next recovery key has to be a new one, neither the one that is used now nor an Org Identity key; make one with `stillvault org recovery-keygen`")
)

// Rotation moves the organisation to another Org Identity key.
type Rotation struct {
	// To holds the organisation from then on.
	To envelope.Signer
	// Old holds it until then; nil where it is lost or stolen.
	Old envelope.Signer
	// Recovery is the key that the log commits to, and reveals by this.
	Recovery envelope.Signer
	// Next is the public half of the recovery key after it.
	Next envelope.VerifyKey
	// Signed is called once, when all have signed and before the broker is given
	// anything: what must not be lost is where it belongs when it returns. An
	// error leaves the log as it is.
	Signed func() error
}

// Rotate moves the organisation to another key, with which this Log signs from
// then on, and returns the head of the log at that. Where somebody else signs
// meanwhile, all keys sign again. After an error that is the broker's, the
// statement may have been appended all the same: Rotate says [ErrHeld] then.
//
// A key that is not the one it is meant to be is [ErrRecovery],
// [ErrNextRecovery] or [ErrOtherSigner].
func (l *Log) Rotate(ctx context.Context, x Rotation) (roster.Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.Signed = sync.OnceValue(x.Signed)
	for attempt := 1; ; attempt++ {
		if err := l.sync(ctx); err != nil {
			return roster.Head{}, err
		}
		head, err := l.rotate(ctx, x)
		if broker.StatusOf(err) != http.StatusConflict || attempt == signAttempts {
			return head, err
		}
		if l.Again != nil {
			l.Again()
		}
	}
}

// rotate signs on top of the log as it was just fetched, and appends that.
func (l *Log) rotate(ctx context.Context, x Rotation) (roster.Head, error) {
	c := l.copy.clone() // what is known of the broker's log stays, whatever it says
	if err := x.fits(c.Roster); err != nil {
		return roster.Head{}, err
	}
	s, err := c.Roster.Next(roster.KindOrgRotate, x.body(), l.now(), x.signers()...)
	if err == nil {
		err = c.Roster.Append(s)
	}
	if err != nil {
		return roster.Head{}, fmt.Errorf("sign %s: %w", roster.KindOrgRotate, err)
	}
	if err := x.Signed(); err != nil {
		return roster.Head{}, err
	}
	if err := ctx.Err(); err != nil {
		return roster.Head{}, err
	}
	c.Statements = append(c.Statements, s)
	head := c.Roster.Head()
	// Half of this must not be in doubt because somebody pressed Ctrl-C.
	if err := l.append(context.WithoutCancel(ctx), c); err != nil {
		return roster.Head{}, err
	}
	l.signer = x.To
	return head, nil
}

func (x Rotation) body() roster.OrgRotate {
	return roster.OrgRotate{PublicKey: x.To.Public(), RecoveryKey: x.Recovery.Public(), Recovery: roster.RecoveryCommitment(x.Next)}
}

// signers begins with the new one: where that does not sign, no other has to.
func (x Rotation) signers() []envelope.Signer {
	all := []envelope.Signer{x.To, x.Recovery}
	if x.Old != nil {
		all = append(all, x.Old)
	}
	return all
}

// fits finds out by name what the roster would only refuse.
func (x Rotation) fits(r *roster.Roster) error {
	to, recovery := x.To.Public(), x.Recovery.Public()
	switch {
	case to == r.Identity():
		return ErrHeld
	case roster.RecoveryCommitment(recovery) != r.Recovery():
		return ErrRecovery
	case x.Old != nil && x.Old.Public() != r.Identity():
		return ErrOtherSigner
	case x.Next == recovery, x.Next == to, x.Next == r.Identity():
		return ErrNextRecovery
	case to == recovery:
		return fmt.Errorf("the recovery key cannot be the Org Identity key as well: %w", ErrNextRecovery)
	}
	return nil
}

// Rotated is a rotation that a log has, and its number.
type Rotated struct {
	Seq uint64
	roster.OrgRotate
}

// Rotations are those of a verified log, oldest first.
func Rotations(statements []envelope.Signed) []Rotated {
	var all []Rotated
	for _, s := range statements {
		st, err := envelope.Peek[roster.Statement](s, envelope.TypeStatement)
		if err != nil || st.Kind != roster.KindOrgRotate {
			continue
		}
		if body, err := envelope.Decode[roster.OrgRotate](st.Body); err == nil {
			all = append(all, Rotated{st.Seq, body})
		}
	}
	return all
}

// held says whether a key held a verified log once, as its founder or since.
func held(statements []envelope.Signed, key envelope.VerifyKey) bool {
	for _, x := range Rotations(statements) {
		if x.PublicKey == key {
			return true
		}
	}
	first, err := envelope.Peek[roster.Statement](statements[0], envelope.TypeStatement)
	if err != nil {
		return false
	}
	founding, err := envelope.Decode[roster.OrgInit](first.Body)
	return err == nil && founding.PublicKey == key
}
