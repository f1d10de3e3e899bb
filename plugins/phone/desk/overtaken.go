package desk

import (
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// notice looks for receipts that this device signed and does not remember. They
// show that its storage was put back to an earlier day, or that something else has
// its keys. It remembers that, and answers nothing any more: it would give numbers
// that were given.
func (d *Desk) notice(in *approval.Inbox) {
	for _, item := range in.Items {
		d.noticeAmong(item.Decisions)
	}
	for _, e := range in.Ended {
		d.noticeAmong(e.Decisions)
	}
}

func (d *Desk) noticeAmong(receipts []envelope.Signed) {
	for _, s := range receipts {
		rec, err := envelope.Peek[approval.Receipt](s, envelope.TypeReceipt)
		if err != nil || rec.Device != d.me.Device || d.remembers(rec.Counter, s.Hash()) {
			continue
		}
		// Nobody else can sign one, so that a broker cannot silence a device.
		if _, err := approval.ReadReceipt(d.roster, s); err == nil && !d.overtaken() {
			d.kept.put(keyOvertaken, s.Hash().String())
		}
	}
}

// remembers says whether a receipt is the one that this device gave the number to,
// as far as it still knows.
func (d *Desk) remembers(counter uint64, hash envelope.Hash) bool {
	if counter >= d.ledger.Counter {
		return counter == d.ledger.Counter && hash == d.ledger.Previous
	}
	e, found, err := getAs[Entry](&d.kept, numbered(keyHistory, counter))
	if err != nil || !found {
		return true // forgotten long ago
	}
	given, err := envelope.Decode[envelope.Signed]([]byte(e.Receipt))
	return err != nil || given.Hash() == hash
}

func (d *Desk) overtaken() bool {
	_, found := d.kept.entries[keyOvertaken]
	return found
}
