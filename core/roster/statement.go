package roster

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stillvault/stillvault/core/envelope"
)

// Kind says what a statement does.
type Kind string

// The kinds of statements. Any other is refused.
const (
	KindOrgInit            Kind = "org.init"
	KindOrgRotate          Kind = "org.rotate"
	KindApproverAdmit      Kind = "approver.admit"
	KindApproverSet        Kind = "approver.set"
	KindApproverRekey      Kind = "approver.rekey"
	KindApproverRevoke     Kind = "approver.revoke"
	KindDeviceAdmit        Kind = "device.admit"
	KindDeviceRevoke       Kind = "device.revoke"
	KindGroupSet           Kind = "group.set"
	KindGroupDelete        Kind = "group.delete"
	KindPolicySet          Kind = "policy.set"
	KindPolicyDelete       Kind = "policy.delete"
	KindConsumerAdmit      Kind = "consumer.admit"
	KindConsumerSet        Kind = "consumer.set"
	KindConsumerRevoke     Kind = "consumer.revoke"
	KindCheckpoint         Kind = "checkpoint"
	KindReceiptsCheckpoint Kind = "receipts.checkpoint"
	maxStatementSkew            = 5 * time.Minute
	maxStatementEncoded         = 256 << 10
)

// Statement is one entry of the org log. Prev is the hash of the statement
// before it, zero for the first; Body is the canonical JSON of the kind's type.
type Statement struct {
	Kind Kind            `json:"kind"`
	Seq  uint64          `json:"seq"`
	Prev envelope.Hash   `json:"prev"`
	Time envelope.Time   `json:"time"`
	Body json.RawMessage `json:"body"`
}

// Head names a state of the log: its last statement's sequence number, from 0,
// and hash. Every signed message of the protocol carries the head its author saw.
type Head struct {
	Seq  uint64        `json:"seq"`
	Hash envelope.Hash `json:"hash"`
}

// Removal is the body of every statement that only removes something.
type Removal struct {
	ID envelope.ID `json:"id"`
}

// Checkpoint is the body of [KindCheckpoint]. Where an organisation uses
// checkpoints, nothing is written, approved or re-shared after the last one
// expired: a broker that withholds newer statements cannot do so for long.
type Checkpoint struct {
	Expires envelope.Time `json:"expires"`
}

func signStatement(st Statement, body any, signers ...envelope.Signer) (envelope.Signed, error) {
	encoded, err := envelope.Encode(body)
	if err != nil {
		return envelope.Signed{}, fmt.Errorf("%s: %w", st.Kind, err)
	}
	st.Body = encoded
	signed, err := envelope.Sign(envelope.TypeStatement, st, signers...)
	if err == nil && len(signed.Payload) > maxStatementEncoded {
		err = fmt.Errorf("%d bytes, limit %d: %w", len(signed.Payload), maxStatementEncoded, envelope.ErrTooLarge)
	}
	if err != nil {
		return envelope.Signed{}, fmt.Errorf("sign %s: %w", st.Kind, err)
	}
	return signed, nil
}
