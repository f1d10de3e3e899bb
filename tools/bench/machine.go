package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/host/vaultserver"
)

// machine is what figures depend on and cannot be told from them.
type machine struct {
	cpu, vault string
	load       string // before the first measurement
}

func describe(ctx context.Context) machine {
	m := machine{cpu: cpuModel(), vault: "none found", load: "unknown"}
	if found, err := vaultserver.Find(ctx, root); err == nil {
		m.vault = found.Version
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	return m
}

func printMachine(out io.Writer, m machine, e effort) {
	confined := "without runtime/secret"
	if envelope.Confined {
		confined = "with runtime/secret"
	}
	fmt.Fprintf(out, "%s, %d cores, %s/%s, %s %s, Vault %s\n", m.cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), confined, m.vault)
	fmt.Fprintf(out, "load before the start %s (1, 5, 15 min); %s run, medians of interleaved rounds, [least … most] of the rounds\n", m.load, e.name)
}

// cpuModel is the processor's name as Linux knows it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
