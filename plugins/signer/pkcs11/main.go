//go:build cgo

// Command stillvault-signer-pkcs11 is a signer whose key is in a PKCS#11 token: an
// HSM, a smart card or SoftHSM. It is a program of its own because such tokens are
// reached through C libraries, which the programs of Stillvault do without.
//
//	exec:/usr/local/bin/stillvault-signer-pkcs11?sha256=HEX&arg=--module=/usr/lib/softhsm/libsofthsm2.so&arg=--token=organisation&arg=--key=identity&arg=--pin-file=PATH
//
// --token is the token's label, --serial its number; --key is the key's label, --id
// its CKA_ID in hexadecimal; of each pair either is enough, if only one token or key
// is called so. --setenv=NAME=VALUE sets a variable for the library to read, such as
// SOFTHSM2_CONF: the host hands down none but a few. The PIN is in a file that only
// its owner may read, or in STILLVAULT_SIGNER_PKCS11_PIN: other users of a machine
// see arguments.
//
// It is built with C, where the token is:
//
//	CGO_ENABLED=1 go build -o stillvault-signer-pkcs11 ./plugins/signer/pkcs11
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
