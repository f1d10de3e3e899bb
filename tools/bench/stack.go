package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stack is a directory with a configuration, and the program that runs it.
type stack struct {
	program string // binary of terraform or tofu
	dir     string
	env     []string
}

// lookEvery is how often the memory of what runs is read: its peak is kept by Linux.
const lookEvery = 100 * time.Millisecond

// newStack writes a configuration into a new directory.
func newStack(program, under, name, configuration string, env ...string) (*stack, error) {
	s := &stack{program: program, dir: filepath.Join(under, name), env: append(os.Environ(), env...)}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	return s, os.WriteFile(filepath.Join(s.dir, "main.tf"), []byte(configuration), 0o600)
}

// run runs the program and returns how many seconds that took. Meanwhile watch is
// told its process id again and again.
func (s *stack) run(ctx context.Context, watch func(pid int), args ...string) (float64, error) {
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			took := time.Since(start).Seconds()
			if err != nil {
				return took, fmt.Errorf("%s %s: %w\n%.2000s", filepath.Base(s.program), strings.Join(args, " "), err, said.Bytes())
			}
			return took, nil
		case <-time.After(lookEvery):
			watch(cmd.Process.Pid)
		}
	}
}

// forget removes what an apply leaves.
func (s *stack) forget() error {
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// figures of one stack, a round each.
type stackFigures struct{ apply, plan sample }

// round applies the stack from nothing, and plans it again, which must find
// nothing to do.
func (s *stack) round(ctx context.Context, watch func(pid int)) (apply, plan float64, err error) {
	if err = s.forget(); err != nil {
		return 0, 0, err
	}
	if apply, err = s.run(ctx, watch, "apply", "-auto-approve", "-input=false"); err != nil {
		return 0, 0, err
	}
	plan, err = s.run(ctx, watch, "plan", "-input=false", "-detailed-exitcode")
	return apply, plan, err
}
