package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/mdp/qrterminal/v3"
	"golang.org/x/term"
)

// qrCode is a link as lines of half blocks, and how many columns they take. Of a
// code on a screen nothing is damaged, so the lowest level of correction will do.
func qrCode(link string) (lines []string, columns int) {
	var drawn bytes.Buffer
	qrterminal.GenerateHalfBlock(link, qrterminal.L, &drawn)
	lines = strings.Split(strings.TrimSuffix(drawn.String(), "\n"), "\n")
	return lines, utf8.RuneCountInString(lines[0])
}

// printQR draws a link's QR code where the terminal is wide enough for it.
func (a *app) printQR(link string) {
	lines, columns := qrCode(link)
	if have := columnsOf(a.Out()); have > 0 && have < columns {
		a.Say("(A QR code of it takes %d columns, and this terminal has %d.)", columns, have)
		return
	}
	for _, line := range lines {
		fmt.Fprintln(a.Out(), a.White(line))
	}
}

// columnsOf is how wide a terminal is, 0 where that is not known.
func columnsOf(stream any) int {
	f, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
