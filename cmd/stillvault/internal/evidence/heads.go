package evidence

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

var (
	// ErrCutOff means that receipts are missing at the end.
	ErrCutOff = errors.New("receipts_cut_off: more receipts are known to exist than are shown; export again, and where they are still missing, somebody hides what was decided")
	// ErrHead means that a device's last receipt is written in a way that is not
	// understood.
	ErrHead = errors.New("device_head_invalid: write it as DEVICE:COUNTER:HASH, as `stillvault approver show` and the phone's settings print it")
)

// Head is a receipt that a device is known to have come to: as the organisation
// signed in a checkpoint or, where Own is set, as the device itself says.
type Head struct {
	roster.ReceiptHead
	Own bool
}

// Checkpointed returns what the organisation's log says of devices' receipts.
func Checkpointed(r *roster.Roster) []Head {
	var all []Head
	for _, h := range r.ReceiptHeads() {
		all = append(all, Head{ReceiptHead: h})
	}
	return all
}

// ReadHead reads DEVICE:COUNTER:HASH, which a device says of itself.
func ReadHead(r *roster.Roster, text string) (Head, error) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	if len(parts) != 3 {
		return Head{}, fmt.Errorf("%q: %w", text, ErrHead)
	}
	h := Head{Own: true}
	var errs [3]error
	h.Device, errs[0] = envelope.ParseID(parts[0])
	h.Counter, errs[1] = strconv.ParseUint(parts[1], 10, 64)
	h.Receipt, errs[2] = envelope.ParseHash(parts[2])
	if err := errors.Join(errs[:]...); err != nil || h.Counter == 0 {
		return Head{}, fmt.Errorf("%q: %w", text, ErrHead)
	}
	if _, err := r.FormerDevice(h.Device); err != nil {
		return Head{}, fmt.Errorf("%q: %w", text, err)
	}
	return h, nil
}

// FormatHead writes what ReadHead reads, empty before the first receipt.
func FormatHead(device envelope.ID, l approval.Ledger) string {
	if l.Counter == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d:%s", device, l.Counter, l.Previous)
}

// Heads are the last receipts of the devices whose receipts hold, by device.
func (report *Report) Heads() []roster.ReceiptHead {
	var all []roster.ReceiptHead
	for _, d := range report.Devices {
		all = append(all, roster.ReceiptHead{Device: d.ID, Counter: d.Receipts, Receipt: d.last})
	}
	return all
}

// verifyHeads looks for each receipt that is known to exist. A chain that is
// broken has said so already.
func (report *Report) verifyHeads(r *roster.Roster, heads []Head, lines map[int]envelope.Signed) {
	type place struct {
		device  envelope.ID
		counter uint64
	}
	shown := map[place]envelope.Hash{}
	for _, p := range report.Proven {
		shown[place{p.Finding.Receipt.Device, p.Finding.Receipt.Counter}] = lines[p.Line].Hash()
	}
	for _, h := range heads {
		found, ok := shown[place{h.Device, h.Counter}]
		if found == h.Receipt {
			report.ended(h)
			continue
		}
		last := uint64(0)
		for at := range shown {
			if at.device == h.Device {
				last = max(last, at.counter)
			}
		}
		err := fmt.Errorf("%s has receipts up to number %d, shown are those up to %d: %w", h.whose(r), h.Counter, last, ErrCutOff)
		if ok {
			err = fmt.Errorf("%s has another receipt number %d than is shown: %w", h.whose(r), h.Counter, approval.ErrReceipts)
		}
		report.Problems = append(report.Problems, &Problem{Err: err})
	}
}

// ended notes what is known of the end of a device's receipts.
func (report *Report) ended(h Head) {
	for i := range report.Devices {
		d := &report.Devices[i]
		switch {
		case d.ID != h.Device:
		case h.Own:
			d.Own = max(d.Own, h.Counter)
		default:
			d.Checkpointed = max(d.Checkpointed, h.Counter)
		}
	}
}

func (h Head) whose(r *roster.Roster) string {
	name := h.Device.String()
	if d, err := r.FormerDevice(h.Device); err == nil {
		name = strconv.Quote(d.Name)
		if who, err := r.FormerApprover(d.Approver); err == nil {
			name = who.Name + "'s device " + name
		}
	}
	if h.Own {
		return name + ", as it says itself,"
	}
	return name + ", as the organisation signed in its log,"
}
