package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
)

// A recovery kit lies at
//
//	kit/<SHA-256 of its token>           keyring.Kit
//	kit-of/<approver id>/<device id>     {"token", "generation", "since"}
//
// The second is written first, and says that a device has its kit: certificates
// are no secret, so that whoever posts one again must not fill storage, or put
// something else in a kit's place.
const (
	kitPrefix   = "kit/"
	kitOfPrefix = "kit-of/"
)

// keepKits is how long a kit is kept of a device that was never admitted: longer
// than its invitation or its proposal.
const keepKits = 60 * 24 * time.Hour

type kitOf struct {
	Token      envelope.Hash `json:"token"`
	Generation uint32        `json:"generation"`
	Since      envelope.Time `json:"since"`
}

// postedKit is a kit on its way in; nil where none came.
type postedKit struct {
	kit   keyring.Kit
	token envelope.Hash
}

// kitFields are what devices may post beside their answer or proposal.
func kitFields(beside fields) fields {
	beside["kit"] = field(framework.TypeString, "The device's recovery kit, sealed with its recovery key; optional.")
	beside["kit_token_hash"] = field(framework.TypeString, "SHA-256 of what the kit is asked for with, 64 hexadecimal digits.")
	return beside
}

// kitField reads the kit that came with a call, nil where none did.
func kitField(data *framework.FieldData) (*postedKit, error) {
	_, withKit := data.GetOk("kit")
	_, withToken := data.GetOk("kit_token_hash")
	if !withKit && !withToken {
		return nil, nil
	}
	token, err := envelope.ParseHash(data.Get("kit_token_hash").(string))
	if err != nil || token.IsZero() {
		return nil, fmt.Errorf("kit_token_hash wants 64 lower-case hexadecimal digits: %w", errInput)
	}
	kit, err := message[keyring.Kit](data, "kit", keyring.MaxKit)
	if err != nil {
		return nil, err
	}
	return &postedKit{kit, token}, nil
}

// checkKit refuses a kit that is not for this mount and approver.
func (b *broker) checkKit(ctx context.Context, p *postedKit, approver envelope.ID) error {
	if p == nil {
		return nil
	}
	c, err := b.config(ctx)
	if err != nil {
		return err
	}
	me, err := b.self(ctx)
	if err != nil {
		return err
	}
	if p.kit.Organisation != c.Organisation {
		return fmt.Errorf("kit: %w", roster.ErrOrganisation)
	}
	if p.kit.Mount != me.id || p.kit.Approver != approver {
		return fmt.Errorf("kit: it is of another mount or approver: %w", errInput)
	}
	return nil
}

// storeKit keeps the kit of a device, which has one. fresh says that it may get
// it now. The same again changes nothing; another one is errKitKnown.
func (b *broker) storeKit(ctx context.Context, p *postedKit, c keyring.Certificate, fresh bool) error {
	if p == nil {
		return nil
	}
	entry := kitOfPrefix + c.Approver.String() + "/" + c.Device.String()
	b.kits.Lock()
	defer b.kits.Unlock()
	known, err := load[kitOf](ctx, b.storage, entry)
	switch {
	case err != nil:
		return err
	case known == nil && !fresh, known != nil && known.Token != p.token:
		return errKitKnown
	}
	there, err := load[keyring.Kit](ctx, b.storage, kitPrefix+p.token.String())
	if err != nil {
		return err
	}
	if there != nil {
		if !sameKit(*there, p.kit) {
			return errKitKnown
		}
		return nil
	}
	if known == nil {
		of := kitOf{Token: p.token, Generation: c.Generation, Since: envelope.At(b.now())}
		if err := store(ctx, b.storage, entry, of); err != nil {
			return err
		}
	}
	return store(ctx, b.storage, kitPrefix+p.token.String(), p.kit)
}

func sameKit(a, b keyring.Kit) bool {
	x, err := encodedText(a)
	y, other := encodedText(b)
	return err == nil && other == nil && x == y
}

// forgetKits removes the kits that open nothing any more: of approvers who were
// revoked, of keyrings that were replaced, and of devices that were never
// admitted. That of a revoked device stays: a person whose phone was lost, and so
// revoked, is who needs it.
func (b *broker) forgetKits(ctx context.Context) error {
	folders, err := b.storage.List(ctx, kitOfPrefix)
	if err != nil {
		return fmt.Errorf("list recovery kits: %w", err)
	}
	for _, folder := range folders {
		devices, err := b.storage.List(ctx, kitOfPrefix+folder)
		if err != nil {
			return fmt.Errorf("list recovery kits: %w", err)
		}
		for _, device := range devices {
			b.kits.Lock()
			err = b.forgetKit(ctx, folder, device)
			b.kits.Unlock()
			if isUnready(err) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *broker) forgetKit(ctx context.Context, folder, device string) error {
	entry := kitOfPrefix + folder + device
	of, err := load[kitOf](ctx, b.storage, entry)
	if err != nil || of == nil {
		return err
	}
	approverID, err := envelope.ParseID(strings.TrimSuffix(folder, "/"))
	if err != nil {
		return errStored
	}
	deviceID, err := envelope.ParseID(device)
	if err != nil {
		return errStored
	}
	useless := false
	err = b.withRoster(ctx, func(r *roster.Roster) error {
		a, err := r.FormerApprover(approverID)
		if err == nil && (a.Revoked || a.Generation != of.Generation) {
			useless = true
			return nil
		}
		_, err = r.FormerDevice(deviceID)
		if errors.Is(err, roster.ErrUnknown) {
			useless = envelope.At(b.now()) >= of.Since.Add(keepKits)
			return nil
		}
		return err
	})
	if err != nil || !useless {
		return err
	}
	// The kit first: without the other entry it would never be found again.
	if err := remove(ctx, b.storage, kitPrefix+of.Token.String()); err != nil {
		return err
	}
	return remove(ctx, b.storage, entry)
}
