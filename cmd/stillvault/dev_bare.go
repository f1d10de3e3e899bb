package main

import (
	"context"
	"fmt"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/dev"
)

// devBare runs a server on which somebody else founds the organisation.
func (a *app) devBare(ctx context.Context, s *dev.Server) error {
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	a.introduceDev(s)
	p := func(format string, args ...any) { fmt.Fprintf(a.Out(), format+"\n", args...) }
	p("  state      %s%s", s.Home, map[bool]string{false: ", gone when this stops"}[s.Kept])
	p("")
	a.explainPath()
	p("%s", a.Bold("There is no organisation yet. In a second terminal, as its administrator:"))
	a.exports(s.Founding())
	p("")
	p("Then found it with Terraform, as examples/03-terraform/README.md shows step by step,")
	p("or by hand: stillvault org init --signer file:org.key")
	p("")
	p("Ctrl-C stops it.")
	a.untilStopped(ctx)
	return nil
}

// introduceDev prints what runs.
func (a *app) introduceDev(s *dev.Server) {
	fmt.Fprintf(a.Out(), "%s\n\n", a.Bold("Stillvault development server. For development only: its keys and tokens are no secrets."))
	fmt.Fprintf(a.Out(), "  server     %s\n             %s\n", s.Address, s.Kind)
}

// explainPath prints how a shell finds this program, where it does not.
func (a *app) explainPath() {
	if folder := offPath(); folder != "" {
		fmt.Fprintf(a.Out(), "%s\n  export PATH='%s':\"$PATH\"\n\n", a.Bold("In each terminal first, so that it finds this program:"), folder)
	}
}
