package roster

import (
	"errors"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// OrgInit is the body of the first statement. Its statement's hash is the
// organisation id that phones, consumers and mounts pin.
type OrgInit struct {
	Nonce     envelope.Bytes     `json:"nonce"` // 32 random bytes
	PublicKey envelope.VerifyKey `json:"public_key"`
	Recovery  envelope.Hash      `json:"recovery"` // SHA-256 of the offline recovery public key
}

// OrgRotate replaces the Org Identity key. It is signed by the new key and by
// the recovery key that the log committed to, and by the old key where that
// still exists; the organisation id stays, so nobody who pinned it is stranded.
type OrgRotate struct {
	PublicKey   envelope.VerifyKey `json:"public_key"`
	RecoveryKey envelope.VerifyKey `json:"recovery_key"` // revealed now
	Recovery    envelope.Hash      `json:"recovery"`     // commitment to the next one
}

// Recovery returns the commitment to the recovery key in force.
func (r *Roster) Recovery() envelope.Hash { return r.recovery }

// RecoveryCommitment is what the log holds of a recovery public key until that
// key is used. Being a hash, it gives a future attacker on Ed25519 nothing.
func RecoveryCommitment(k envelope.VerifyKey) envelope.Hash { return envelope.SumHash(k[:]) }

// Found signs the first statement of a new organisation.
func Found(identity envelope.Signer, recovery envelope.VerifyKey, now time.Time) (envelope.Signed, error) {
	return signStatement(Statement{Kind: KindOrgInit, Time: envelope.At(now)}, OrgInit{
		Nonce:     envelope.NewKey().Bytes(), // public: only its randomness matters
		PublicKey: identity.Public(),
		Recovery:  RecoveryCommitment(recovery),
	}, identity)
}

// start reads the first statement into an empty roster.
func (r *Roster) start(s envelope.Signed) error {
	st, err := envelope.Peek[Statement](s, envelope.TypeStatement)
	if err != nil {
		return fmt.Errorf("first statement: %w", err)
	}
	if st.Kind != KindOrgInit || st.Seq != 0 || !st.Prev.IsZero() {
		return fmt.Errorf("the log does not begin with %s: %w", KindOrgInit, ErrSequence)
	}
	body, err := envelope.Decode[OrgInit](st.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", KindOrgInit, err)
	}
	if len(body.Nonce) != envelope.KeySize || body.Recovery.IsZero() {
		return fmt.Errorf("%s: incomplete: %w", KindOrgInit, ErrStatement)
	}
	if err := body.PublicKey.Check(); err != nil {
		return fmt.Errorf("%s: %w", KindOrgInit, err)
	}
	if err := s.VerifyStatement(body.PublicKey); err != nil {
		return fmt.Errorf("%s: %w", KindOrgInit, err)
	}
	r.organisation, r.identity, r.recovery = s.Hash(), body.PublicKey, body.Recovery
	r.hashes, r.last = []envelope.Hash{r.organisation}, st.Time
	return nil
}

// verifyRotate checks the signatures of an [OrgRotate]: new and recovery key,
// with the old key or without.
func (r *Roster) verifyRotate(s envelope.Signed, st Statement) error {
	body, err := envelope.Decode[OrgRotate](st.Body)
	if err != nil {
		return err
	}
	if err := r.checkRecovery(body.RecoveryKey); err != nil {
		return err
	}
	err = s.VerifyStatement(body.PublicKey, body.RecoveryKey, r.identity)
	if errors.Is(err, envelope.ErrSignature) {
		err = s.VerifyStatement(body.PublicKey, body.RecoveryKey)
	}
	return err
}

func (r *Roster) checkRecovery(k envelope.VerifyKey) error {
	if RecoveryCommitment(k) != r.recovery {
		return fmt.Errorf("not the recovery key that the log commits to: %w", ErrStatement)
	}
	return nil
}

func applyRotate(r *Roster, _ Statement, b OrgRotate) error {
	if err := r.checkRecovery(b.RecoveryKey); err != nil {
		return err // of a preview, whose signatures nobody checks
	}
	// The recovery key was shown in this statement: committing to it again would
	// leave the next rotation to whoever breaks it meanwhile.
	if b.Recovery.IsZero() || b.Recovery == r.recovery || b.PublicKey == r.identity {
		return fmt.Errorf("needs a new key and a new recovery commitment: %w", ErrStatement)
	}
	if err := b.PublicKey.Check(); err != nil {
		return err
	}
	r.identity, r.recovery = b.PublicKey, b.Recovery
	return nil
}
