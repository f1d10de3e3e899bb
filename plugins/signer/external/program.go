package external

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"

	"github.com/stillvault/stillvault/plugins/signer"
)

// ErrExposed means that others can change a signer's program.
var ErrExposed = errors.New("signer_program_exposed: others can change this program; make it yours or root's and run `chmod go-w` on it, and see that it is still the one you installed")

// program is a signer's program, open and pinned. go-plugin's SecureConfig would
// hash what is at the path and then start what is at the path, which may be
// another file by then. Here the file is opened once, that file is hashed, and on
// Linux that file is started, whatever the path names meanwhile: command_linux.go.
// Who can still change it between the two is who may write to that very file,
// which openProgram lets nobody but its owner.
type program struct {
	file *os.File
	path string
}

// openProgram returns the program at path if its SHA-256 is sum, 32 bytes.
func openProgram(path string, sum []byte) (*program, error) {
	if len(sum) != sha256.Size {
		return nil, fmt.Errorf("%w; a SHA-256 has %d bytes, not %d", signer.ErrAddress, sha256.Size, len(sum))
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no such file (%w); have the address name the program as it is installed on this machine: %w", err, signer.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", signer.ErrUnavailable, err)
	}
	p := &program{file: file, path: path}
	if err := p.check(sum); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *program) check(sum []byte) error {
	info, err := p.file.Stat()
	if err != nil {
		return fmt.Errorf("%w (%w)", signer.ErrUnavailable, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w (it is no file)", signer.ErrUnavailable)
	}
	if err := checkOwner(info); err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, p.file); err != nil {
		return fmt.Errorf("%w (%w)", signer.ErrUnavailable, err)
	}
	if !bytes.Equal(hash.Sum(nil), sum) {
		return signer.ErrChanged
	}
	return nil
}

// command runs the program, with an environment of its own.
func (p *program) command(args, environment []string) *exec.Cmd {
	cmd := p.bare()
	cmd.Args = append([]string{p.path}, args...)
	cmd.Env = environment
	return cmd
}

func (p *program) close() { p.file.Close() }
