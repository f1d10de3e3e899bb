// Command release packs what this repository publishes: the archives that a
// release carries, and the provider in a directory from which Terraform and
// OpenTofu install without a registry. It is run by `make dist` and
// `make install-provider`, from the top of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
)

var errUsage = errors.New(`usage: release dist   -version 0.1.0 [-platforms "linux/amd64 …"] [-out DIR] [-sign KEY]
       release mirror -version 0.1.0 PATH-OF-THE-PROVIDER`)

var errVersion = errors.New("name the release with -version, such as 0.1.0 or 0.2.0-rc1, without a v before it")

// versionForm is a version as registries compare them.
var versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "dist":
		return runDist(ctx, args[1:], out)
	case "mirror":
		return runMirror(args[1:], out)
	}
	return errUsage
}

func runDist(ctx context.Context, args []string, out io.Writer) error {
	d := distribution{top: ".", say: out}
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	flags.StringVar(&d.version, "version", "", "version of the release")
	flags.StringVar(&d.dir, "out", "bin/dist", "directory to put the archives in")
	flags.StringVar(&d.ldflags, "ldflags", "", "what the linker writes into the programs")
	flags.StringVar(&d.key, "sign", "", "name of the GPG key to sign the sums with")
	names := flags.String("platforms", strings.Join(usualPlatforms, " "), "platforms to build for, as OS/ARCH")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errUsage
	}
	if !versionForm.MatchString(d.version) {
		return errVersion
	}
	var err error
	if d.platforms, err = parsePlatforms(*names); err != nil {
		return err
	}
	return d.make(ctx)
}

func runMirror(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mirror", flag.ContinueOnError)
	version := flags.String("version", "", "version of the provider")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errUsage
	}
	if !versionForm.MatchString(*version) {
		return errVersion
	}
	return install(flags.Arg(0), *version, out)
}
