// Command terraform-provider-stillvault manages the policies and approvers of an
// organisation as code, for Terraform and OpenTofu. It signs on the machine that
// it runs on; Vault carries what it signed and could not have made it.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	stillvault "github.com/stillvault/stillvault/terraform-provider/internal/provider"
)

// release is the version that make gives a build, "dev" in any other.
var release = "dev"

// address is the provider's in a registry.
const address = "registry.terraform.io/stillvault/stillvault"

// debugStart is how long a provider that runs for a debugger may take to begin. After
// the 2 s that are usual it would give up on a machine that is busy.
const debugStart = time.Minute

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "terraform-provider-stillvault:", err)
		os.Exit(1)
	}
}

func serve() error {
	debug := flag.Bool("debug", false, "run for a debugger, and print what TF_REATTACH_PROVIDERS is to be")
	flag.Parse()
	quiet()
	roomy()
	p := stillvault.New(release)
	// A signer may be a process of its own, or have a key in memory.
	defer p.Close()
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug(), tf6server.WithManagedDebugReattachConfigTimeout(debugStart))
	}
	framework := providerserver.NewProtocol6(p)
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return lean{framework()} }, options...)
}
