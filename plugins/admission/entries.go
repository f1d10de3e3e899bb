package admission

import (
	"errors"
	"fmt"

	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/orglog"
)

var (
	// ErrFurtherDevice means that an enrolment has other keys than its approver.
	ErrFurtherDevice = errors.New("keys_differ: the approver was admitted with other keys than this device has")
	// ErrOtherName means that an enrolment's approver has another name already.
	ErrOtherName = errors.New("admitted_under_another_name: these keys are an approver's already; use that name, or revoke it first")
)

// Entries are what admits an enrolment under a name, related to distinct Vault
// entities (not nil), to be signed on top of r: nothing where it is admitted
// already, so that whoever was cut short can begin again. That the enrolment is
// the person's is for the caller to have verified. [roster.ErrRevoked] means that
// these keys were admitted once, and ended.
func Entries(r *roster.Roster, name string, e roster.Enrolment, entities []string) ([]orglog.Entry, error) {
	if e.Organisation != r.Organisation() {
		return nil, roster.ErrOrganisation
	}
	certificate, err := keyring.VerifyCertificate(e.Certificate, e.Signing)
	if err != nil {
		return nil, err
	}
	var entries []orglog.Entry
	known, err := r.Approver(e.Approver)
	switch {
	case errors.Is(err, roster.ErrUnknown):
		entries = append(entries, orglog.Entry{Kind: roster.KindApproverAdmit, Body: roster.ApproverAdmit{
			ID: e.Approver, Name: name, Entities: entities, KEM: e.KEM, Signing: e.Signing,
			Generation: e.Generation, Factors: e.Factors, Recovery: e.Recovery,
		}})
	case err != nil:
		return nil, err
	case known.Name != name:
		return nil, fmt.Errorf("%q is %q: %w", name, known.Name, ErrOtherName)
	case known.Signing != e.Signing && e.Generation == known.Generation+1:
		entries = append(entries, orglog.Entry{Kind: roster.KindApproverRekey, Body: roster.ApproverRekey{
			ID: e.Approver, KEM: e.KEM, Signing: e.Signing, Generation: e.Generation, Factors: e.Factors, Recovery: e.Recovery,
		}})
	case known.Signing != e.Signing:
		return nil, fmt.Errorf("%q: %w", name, ErrFurtherDevice)
	}
	if _, err := r.Device(certificate.Device); errors.Is(err, roster.ErrUnknown) {
		entries = append(entries, orglog.Entry{Kind: roster.KindDeviceAdmit, Body: roster.DeviceAdmit{Certificate: e.Certificate}})
	} else if err != nil {
		return nil, err
	}
	return entries, nil
}
