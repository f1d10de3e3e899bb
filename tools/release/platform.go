package main

import (
	"errors"
	"fmt"
	"strings"
)

// usualPlatforms are those that a release is built for.
var usualPlatforms = []string{
	"darwin/amd64", "darwin/arm64",
	"freebsd/amd64", "freebsd/arm64",
	"linux/amd64", "linux/arm64",
	"windows/amd64", "windows/arm64",
}

var errPlatform = errors.New("write platforms as OS/ARCH, such as linux/amd64; `go tool dist list` prints all")

// A platform is an operating system and a processor, as Go names them.
type platform struct{ os, arch string }

// parsePlatforms reads names that stand between spaces or commas.
func parsePlatforms(names string) ([]platform, error) {
	var all []platform
	seen := map[string]bool{}
	for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return r == ' ' || r == ',' }) {
		system, arch, ok := strings.Cut(name, "/")
		if !ok || system == "" || arch == "" || strings.Contains(arch, "/") || seen[name] {
			return nil, fmt.Errorf("platform %q: %w", name, errPlatform)
		}
		seen[name] = true
		all = append(all, platform{system, arch})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no platform: %w", errPlatform)
	}
	return all, nil
}

// String is how archives and mirrors name a platform.
func (p platform) String() string { return p.os + "_" + p.arch }

// file is how a program is named there.
func (p platform) file(program string) string {
	if p.os == "windows" {
		return program + ".exe"
	}
	return program
}

// confines tells whether Go's runtime/secret keeps key material apart there.
func (p platform) confines() bool {
	return p.os == "linux" && (p.arch == "amd64" || p.arch == "arm64")
}
