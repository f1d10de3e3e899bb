package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// resident returns how many bytes of a process are in memory.
func resident(pid int) (int64, error) { return memoryOf(pid, "VmRSS:") }

// memoryOf returns a figure of a process that Linux gives in kB, in bytes.
func memoryOf(pid int, field string) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("measure a plug-in's memory (on Linux only): %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), field); found {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no resident memory: it has ended", pid)
}

// children returns the processes that a process started, proc(5): each of its
// threads lists its own. To look through all processes for it would cost a tenth of
// the machine that is measured.
func children(pid int) (all []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		started, _ := os.ReadFile(list)
		for field := range strings.FieldsSeq(string(started)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// residentCollected has a plug-in collect its garbage and give the memory back,
// and returns what is resident then: the least of a few looks, since one of
// them may fall into a collection.
func residentCollected(ctx context.Context, pid int) (int64, error) {
	var least int64
	for look := range 3 {
		if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
			return 0, fmt.Errorf("have plug-in %d collect its garbage: %w", pid, err)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Second):
		}
		now, err := resident(pid)
		if err != nil {
			return 0, err
		}
		if look == 0 || now < least {
			least = now
		}
	}
	return least, nil
}
