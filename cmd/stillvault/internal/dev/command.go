package dev

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Variables returns the environment in which a person's commands reach the
// server, for a shell to export.
func (s *Server) Variables(person string) []string {
	return []string{
		"VAULT_ADDR=" + s.Address,
		"VAULT_TOKEN=" + s.People[person].Token,
		"STILLVAULT_HOME=" + s.Home,
	}
}

// environment is this process's without what would lead a command elsewhere,
// and with a person's variables.
func (s *Server) environment(person string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VAULT_") && !strings.HasPrefix(variable, "STILLVAULT_") {
			kept = append(kept, variable)
		}
	}
	return append(kept, s.Variables(person)...)
}

// command prepares the program that runs now, as a person would run it.
func (s *Server) command(ctx context.Context, person string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the stillvault command: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0] = "stillvault"
	cmd.Env = s.environment(person)
	return cmd, nil
}

// run runs a command to its end and returns what it printed; what it complained
// of is in the error.
func (s *Server) run(ctx context.Context, person string, in io.Reader, args ...string) ([]byte, error) {
	cmd, err := s.command(ctx, person, args...)
	if err != nil {
		return nil, err
	}
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("stillvault %s: %w: %s", strings.Join(args[:min(2, len(args))], " "), err, lastLine(complaint.String()))
	}
	return out.Bytes(), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
