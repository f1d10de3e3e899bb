// Command stillvault manages an organisation, its approvers and policies, and
// reads and writes secrets that no server can open. `stillvault help` lists its
// commands.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
