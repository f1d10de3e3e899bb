package external

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/stillvault/stillvault/plugins/internal/child"
)

// drain is how long what a killed signer still had to say may take to arrive. A
// process that it started could hold its standard error open for ever.
const drain = time.Second

// process is one run of a signer's program, as go-plugin runs it.
type process struct {
	name   string
	cmd    *exec.Cmd
	hello  *hello
	listen *listener

	stdout, stderr io.ReadCloser
	leash          *os.File      // the other end of the signer's standard input
	ended          chan struct{} // closed when the process is gone, or never began
	endOnce        sync.Once

	mu      sync.Mutex
	running *os.Process // nil before it began
	killed  bool
}

var _ runner.Runner = (*process)(nil)

// newProcess prepares a run.
func newProcess(name string, cmd *exec.Cmd, v *voice) (*process, error) {
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	child.Tie(cmd)
	return &process{
		name:   name,
		cmd:    cmd,
		hello:  &hello{from: stdout},
		listen: &listener{from: stderr, to: &stream{to: v}},
		stdout: stdout,
		stderr: stderr,
		ended:  make(chan struct{}),
	}, nil
}

// Start starts it. Its standard input says nothing and ends with this process.
func (p *process) Start(context.Context) error {
	stdin, leash, err := os.Pipe()
	if err != nil {
		p.end()
		return err
	}
	defer stdin.Close()
	p.cmd.Stdin, p.leash = stdin, leash
	if err := child.Start(p.begin, p.ended); err != nil {
		leash.Close()
		p.end()
		return err
	}
	return nil
}

// begin starts the process, unless it was killed before it began.
func (p *process) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return os.ErrProcessDone
	}
	err := p.cmd.Start()
	p.running = p.cmd.Process
	return err
}

// began says whether the process was started.
func (p *process) began() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running != nil
}

// Wait returns when it is gone.
func (p *process) Wait(context.Context) error {
	defer p.end()
	defer p.leash.Close()
	return p.cmd.Wait()
}

func (p *process) end() { p.endOnce.Do(func() { close(p.ended) }) }

// Kill ends it by force. It may be called more than once, and when nothing runs.
func (p *process) Kill(context.Context) error {
	p.mu.Lock()
	p.killed = true
	running := p.running
	p.mu.Unlock()
	if running == nil {
		return nil
	}
	if err := running.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	go func() {
		select {
		case <-p.ended:
		case <-time.After(drain):
			p.stdout.Close()
			p.stderr.Close()
		}
	}()
	return nil
}

// Stdout is where it says where it listens.
func (p *process) Stdout() io.ReadCloser { return readCloser{p.hello, p.stdout} }

// Stderr is empty: what it says was logged when this ends.
func (p *process) Stderr() io.ReadCloser { return readCloser{p.listen, p.stderr} }

type readCloser struct {
	io.Reader
	io.Closer
}

// Name is the program's path.
func (p *process) Name() string { return p.name }

// ID is the process id, or 0.
func (p *process) ID() string { return strconv.Itoa(p.pid()) }

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return 0
	}
	return p.running.Pid
}

// Diagnose has nothing to add: the errors of this package say what happened.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost leaves an address as it is.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin leaves an address as it is.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
