package vaultserver

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// PluginPIDs are the processes that Vault started and that run now: one per
// plug-in binary in use, because plug-ins are multiplexed. Tests use it to
// end a plug-in alone and to read its memory. It is empty while Vault does
// not run.
func (s *Server) PluginPIDs() ([]int, error) {
	vault := s.PID()
	if vault == 0 {
		return nil, nil
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var pids []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it ended since it was listed
		}
		pid, parent, state, err := parseStat(stat)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if parent == vault && state != 'Z' {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// parseStat reads "pid (name) state ppid …", proc(5). The name may hold
// spaces and brackets, so the fields after it start behind the last bracket.
func parseStat(stat []byte) (pid, parent int, state byte, err error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, 0, 0, errors.New("no process name in it")
	}
	fields := bytes.Fields(stat[end+1:])
	number, _, _ := bytes.Cut(stat, []byte(" "))
	if len(fields) < 2 {
		return 0, 0, 0, errors.New("too few fields")
	}
	if pid, err = strconv.Atoi(string(number)); err != nil {
		return 0, 0, 0, err
	}
	if parent, err = strconv.Atoi(string(fields[1])); err != nil {
		return 0, 0, 0, err
	}
	return pid, parent, fields[0][0], nil
}
