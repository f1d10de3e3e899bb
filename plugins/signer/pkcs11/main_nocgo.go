//go:build !cgo

// Command stillvault-signer-pkcs11 reaches tokens through C libraries: built
// without C, it can only say so.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "stillvault-signer-pkcs11 was built without C, and reaches no token; build it with CGO_ENABLED=1 and a C compiler")
	os.Exit(2)
}
