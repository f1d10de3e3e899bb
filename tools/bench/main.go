// Command bench measures Stillvault against what it is built on and what it
// stands beside, all in one run on one machine, and prints tables of ratios
// with the goal beside each. Figures of different machines, or of different
// runs, say nothing about each other; the ratios nearly do.
//
//	go run . [-quick] [-only seal,release,…]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "interrupted; everything that was started has been ended")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measurement is one of the tables.
type measurement struct {
	name string
	run  func(context.Context, effort, *progress) ([]table, error)
}

var measurements = []measurement{
	{"seal", measureSeal},
	{"release", measureRelease},
	{"policies", measurePolicies},
	{"reshare", measureReshare},
	{"engine", measureEngine},
	{"blocked", measureBlocked},
	{"provider", measureProvider},
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	quick := flags.Bool("quick", false, "fewer and shorter rounds, in about a minute: to see that it works, not for figures")
	only := flags.String("only", "", "comma-separated tables to measure, of "+names()+"; all if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	e := full
	if *quick {
		e = brief
	}
	p := &progress{to: log}
	printMachine(out, describe(ctx), e)
	for _, m := range chosen {
		p.say("measuring %s", m.name)
		tables, err := m.run(ctx, e, p)
		if err != nil {
			return fmt.Errorf("measure %s: %w", m.name, err)
		}
		for _, t := range tables {
			t.print(out)
		}
	}
	return nil
}

func names() string {
	var all []string
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return strings.Join(all, ", ")
}

func choose(only string) ([]measurement, error) {
	if only == "" {
		return measurements, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(measurements, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only %q: there are %s", name, names())
		}
		chosen = append(chosen, measurements[i])
	}
	return chosen, nil
}
