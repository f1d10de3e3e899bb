package broker

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/core/envelope"
)

// ProposalState says how far a proposed device is.
type ProposalState string

// The states of a proposal.
const (
	ProposalProposed ProposalState = "proposed"
	ProposalAdmitted ProposalState = "admitted"
)

// Proposal is what the broker answers a device that proposes itself.
type Proposal struct {
	State ProposalState
	Init  *envelope.Signed // as in [Enrolled]
}

// ProposeDevice posts a further device's certificate, which its approver's
// keyring signed, for the organisation's signer to admit. It needs no Vault
// token; the same again says whether the device is admitted.
func (c *Client) ProposeDevice(ctx context.Context, certificate envelope.Signed) (*Proposal, error) {
	path := c.path("device", "propose")
	encoded, err := envelope.Encode(certificate)
	if err != nil {
		return nil, err
	}
	var a struct {
		State ProposalState `json:"state"`
		Init  string        `json:"init"`
	}
	if err := c.post(ctx, path, map[string]any{"certificate": string(encoded)}, &a); err != nil {
		return nil, err
	}
	first, err := readInit(path, a.Init)
	if err != nil {
		return nil, err
	}
	return &Proposal{State: a.State, Init: first}, nil
}

// ReadProposals returns the certificates of an approver's devices that wait for
// their admission, by the approver's name; none for a name that is not in force.
// Believe one only after verifying it with the approver's key from the roster.
func (c *Client) ReadProposals(ctx context.Context, name string) ([]envelope.Signed, error) {
	path := c.path("approvers", name)
	var a struct {
		Proposed []string `json:"proposed"`
	}
	if _, err := c.get(ctx, path, nil, &a); err != nil {
		return nil, err
	}
	all := make([]envelope.Signed, len(a.Proposed))
	for i, text := range a.Proposed {
		s, err := envelope.Decode[envelope.Signed]([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("read %s: proposed device: %w", path, err)
		}
		all[i] = s
	}
	return all, nil
}
