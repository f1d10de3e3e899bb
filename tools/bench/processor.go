package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// processorTime counts what the two plug-ins take for each call.
type processorTime struct {
	pids  map[string]int // by mount
	start map[string]float64
	calls map[string]uint64
}

func (s *site) watchPlugins() (*processorTime, error) {
	t := &processorTime{pids: map[string]int{}}
	for _, mount := range []string{ours, null} {
		var err error
		if t.pids[mount], err = s.pluginProcess(mount); err != nil {
			return nil, err
		}
	}
	return t, t.reset()
}

// reset begins to count anew.
func (t *processorTime) reset() error {
	t.start, t.calls = map[string]float64{}, map[string]uint64{}
	for mount, pid := range t.pids {
		var err error
		if t.start[mount], err = processorMillis(pid); err != nil {
			return err
		}
	}
	return nil
}

// each returns the milliseconds that a call took of Stillvault's plug-in and of
// the null engine's.
func (t *processorTime) each() (mine, other float64, err error) {
	took := map[string]float64{}
	for mount, pid := range t.pids {
		now, err := processorMillis(pid)
		if err != nil {
			return 0, 0, err
		}
		took[mount] = (now - t.start[mount]) / float64(t.calls[mount])
	}
	return took[ours], took[null], nil
}

// processorMillis returns the user and system time of a process, proc(5): the
// 14th and 15th field, in hundredths of a second on every Linux.
func processorMillis(pid int) (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("measure the plug-in's processor time (on Linux only): %w", err)
	}
	// The second field, the name in brackets, may hold spaces.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("process %d: too few fields in stat", pid)
	}
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(string(field))
		if err != nil {
			return 0, fmt.Errorf("process %d: processor time: %w", pid, err)
		}
		ticks += n
	}
	return float64(ticks) * 10, nil
}
