package desk

import (
	"errors"
	"fmt"
	"strings"

	"rsc.io/qr/coding"
)

// QR is a QR code without its quiet zone: Size rows of Size modules, 1 for dark.
type QR struct {
	Size    int    `json:"size"`
	Modules string `json:"modules"`
}

// errTooLong is what no link of ours can be.
var errTooLong = errors.New("link_too_long: the app's address is too long for a QR code; copy the link instead")

// qrOf returns the smallest code for a text, at the lowest level of correction: it
// is shown on a screen, where nothing is scratched.
func qrOf(text string) (QR, error) {
	enc := coding.String(text)
	v := coding.Version(coding.MinVersion)
	for ; enc.Bits(v) > v.DataBytes(coding.L)*8; v++ {
		if v == coding.MaxVersion {
			return QR{}, errTooLong
		}
	}
	plan, err := coding.NewPlan(v, coding.L, 0)
	if err != nil {
		return QR{}, fmt.Errorf("QR code: %w", err)
	}
	code, err := plan.Encode(enc)
	if err != nil {
		return QR{}, fmt.Errorf("QR code: %w", err)
	}
	var modules strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				modules.WriteByte('1')
			} else {
				modules.WriteByte('0')
			}
		}
	}
	return QR{Size: code.Size, Modules: modules.String()}, nil
}
