// Command bundler puts the phone app together for package phone to embed: the
// hand-written files, the WebAssembly of this repository's own Go code, the
// wasm_exec.js of the Go toolchain that compiled it, and icons drawn here.
// Nothing else goes in: a page that holds keys has no other supply chain.
//
// The same sources and the same toolchain give the same bytes. It is run by
// `make phone`, from the top of the repository.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	wasmPackage = "./plugins/phone/wasm"
	wasmName    = "core.wasm.gz"
	// Beyond this the build fails: something was imported that phones should
	// not load.
	maxRaw, maxPacked = 8 << 20, 2 << 20
)

var errTooLarge = errors.New("the app's WebAssembly is larger than phones should load; see what it imports with `go list -deps`")

func main() {
	app := flag.String("app", "plugins/phone/app", "directory of the hand-written files")
	out := flag.String("out", "plugins/phone/dist", "directory to put the app in")
	version := flag.String("version", "", "version of the release, such as 0.1.0")
	flag.Parse()
	if err := run(*app, *out, *version); err != nil {
		fmt.Fprintln(os.Stderr, "bundler:", err)
		os.Exit(1)
	}
}

func run(app, out, version string) error {
	if version == "" {
		return errors.New("name the release with -version")
	}
	files, err := handWritten(app)
	if err != nil {
		return err
	}
	raw, err := compile()
	if err != nil {
		return err
	}
	if files[wasmName], err = pack(raw); err != nil {
		return err
	}
	goRoot, goVersion, err := toolchain()
	if err != nil {
		return err
	}
	if files["wasm_exec.js"], err = os.ReadFile(filepath.Join(goRoot, "lib", "wasm", "wasm_exec.js")); err != nil {
		return fmt.Errorf("read the script that runs what Go compiles: %w", err)
	}
	for name, size := range icons {
		if files[name], err = drawIcon(size); err != nil {
			return err
		}
	}
	packed := len(files[wasmName])
	fmt.Fprintf(os.Stderr, "phone app: WebAssembly %.2f MB, %.2f MB gzipped, %d files\n", float64(len(raw))/1e6, float64(packed)/1e6, len(files))
	if len(raw) > maxRaw || packed > maxPacked {
		return errTooLarge
	}
	if err := replace(filepath.Join(out, "app"), files); err != nil {
		return err
	}
	// For make, which builds again where these differ.
	if err := writeChanged(filepath.Join(out, "toolchain"), []byte(goVersion+"\n")); err != nil {
		return err
	}
	return writeChanged(filepath.Join(out, "version"), []byte(version+"\n"))
}

// handWritten reads the app's own files by their names within the directory.
func handWritten(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") {
			return fmt.Errorf("%s is hidden: remove it from the app", path)
		}
		if entry.IsDir() {
			return nil
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no plain file: remove it from the app", path)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the app's files: %w", err)
	}
	return files, nil
}

// settings make the WebAssembly small and the same everywhere. Only
// cryptography is compiled with inlining, which it needs for its speed: of the
// rest it would make 6 % more to download.
var settings = []string{
	"-trimpath", "-buildvcs=false", "-ldflags=-s -w",
	"-gcflags=all=-l", "-gcflags=crypto/...=", "-gcflags=golang.org/x/crypto/...=", "-gcflags=math/bits=",
}

// compile builds the WebAssembly, with nothing of this machine in it.
func compile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "stillvault-phone-")
	if err != nil {
		return nil, fmt.Errorf("compile the WebAssembly: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "core.wasm")
	build := exec.Command("go", slices.Concat([]string{"build", "-o", binary}, settings, []string{wasmPackage})...)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWASM=", "GOEXPERIMENT=", "GOFLAGS=", "CGO_ENABLED=0")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("compile the WebAssembly: %w", err)
	}
	return os.ReadFile(binary)
}

// pack compresses with a header that says neither when nor where.
func pack(raw []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("compress the WebAssembly: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress the WebAssembly: %w", err)
	}
	return packed.Bytes(), nil
}

// toolchain is where the Go that compiles lies, and its version.
func toolchain() (root, version string, err error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return "", "", fmt.Errorf("find the Go toolchain: %w", err)
	}
	root, version, found := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if !found {
		return "", "", fmt.Errorf("find the Go toolchain: it says %q", out)
	}
	return root, version, nil
}
