//go:build cgo

// Command stillvault-signer-pkcs11 is a signer whose key is in a PKCS#11 token: an
// HSM, a smart card or SoftHSM. It is a program of its own because such tokens are
// reached through C libraries, which the programs of Stillvault do without.
//
//	exec:/usr/local/bin/stillvault-signer-pkcs11?sha256=HEX&arg=--module=/usr/lib/softhsm/libsofthsm2.so&arg=--token=organisation&arg=--key=identity&arg=--pin-file=PATH
//
// The PIN is in a file that only its owner may read, or in
// STILLVAULT_SIGNER_PKCS11_PIN: other users of a machine see arguments.
package main

import (
	"fmt"
	"os"

	"github.com/stillvault/stillvault/plugins/signer/contract"
)

func main() {
	s, err := parse(os.Args[1:])
	if err != nil {
		// On one line, the last: the host repeats it.
		fmt.Fprintln(os.Stderr, "stillvault-signer-pkcs11:", err)
		os.Exit(2)
	}
	contract.Serve(&token{settings: s})
}
