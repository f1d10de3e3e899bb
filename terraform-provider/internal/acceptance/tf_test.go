package acceptance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// runTerraform is "tf ARG…" in a script: the program that the script is run for,
// with its wrapped messages on a line each, so that a script can look for a
// sentence. Interrupting it interrupts the program.
func runTerraform() {
	cmd := exec.Command(os.Getenv(programName), os.Args[1:]...)
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	messages, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for s := range interrupts {
			_ = cmd.Process.Signal(s)
		}
	}()
	unwrap(messages, os.Stderr)
	var exit *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
}

// unwrap writes each error or warning on a line of its own.
func unwrap(from io.Reader, to io.Writer) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	var message []string
	flush := func() {
		if len(message) > 0 {
			fmt.Fprintln(to, strings.Join(message, " "))
		}
		message = nil
	}
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimLeft(lines.Text(), "╷│╵"))
		if strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "Warning: ") {
			flush()
		}
		if line != "" {
			message = append(message, line)
		}
	}
	flush()
}
