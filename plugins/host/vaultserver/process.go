package vaultserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is a child that leads its own process group, so that whatever it
// starts can be ended with it.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once the child is reaped
}

// startProcess runs a program, its output appended to the file log.
//
// The kernel ties the signal that a child gets at its parent's death to the
// thread that started it. So one goroutine keeps that thread from the start
// until the child is reaped; otherwise the runtime could end the thread, and
// the child with it, at any time.
func startProcess(path string, args []string, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	p := &process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env = environment()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = childAttributes()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- errors.Join(err, out.Close())
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop asks the child to end, and kills the whole group when it has not after
// grace, or when it left something behind.
func (p *process) stop(grace time.Duration) error {
	if err := terminate(p.pid()); err != nil {
		return fmt.Errorf("stopping process %d: %w", p.pid(), err)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	return p.kill()
}

// kill ends the whole group at once and returns when the child is reaped.
func (p *process) kill() error {
	if err := killGroup(p.pid()); err != nil {
		return fmt.Errorf("killing process group %d: %w", p.pid(), err)
	}
	<-p.done
	return nil
}
