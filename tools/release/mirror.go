package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// hosts are those that a source without a host means: Terraform's, OpenTofu's.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

var errNoHome = errors.New("there is no home directory to install into; set HOME (Windows: APPDATA)")

// install puts the provider at path where Terraform and OpenTofu look before
// they ask a registry, for this user and this platform, and says how to use it.
func install(path, version string, say io.Writer) error {
	root, err := mirrorDir()
	if err != nil {
		return err
	}
	here := platform{runtime.GOOS, runtime.GOARCH}
	for _, host := range hosts {
		dir := filepath.Join(root, host, "stillvault", "stillvault", version, here.String())
		if err := replace(path, dir, here.file(provider+"_v"+version)); err != nil {
			return fmt.Errorf("install the provider: %w", err)
		}
	}
	fmt.Fprintf(say, `
%s %s is installed for terraform and for tofu, below
  %s

Write into the configuration that uses it:

  terraform {
    required_providers {
      stillvault = {
        source  = "stillvault/stillvault"
        version = "%s"
      }
    }
  }

`, provider, version, root, version)
	if text := overruled(root); text != "" {
		fmt.Fprint(say, text)
	} else {
		fmt.Fprintln(say, "and run `terraform init` or `tofu init`. Nothing else is needed.")
	}
	fmt.Fprintf(say, "Where init ran with another build of %s, remove the provider's block from\n"+
		".terraform.lock.hcl first: it holds the sum of that build.\n", version)
	return nil
}

// mirrorDir is the directory of this user's that both programs search without
// being configured.
func mirrorDir() (string, error) {
	if runtime.GOOS == "windows" {
		if data := os.Getenv("APPDATA"); data != "" {
			return filepath.Join(data, "terraform.d", "plugins"), nil
		}
		return "", errNoHome
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNoHome, err)
	}
	return filepath.Join(home, ".terraform.d", "plugins"), nil
}

// replace copies a program into a directory under a name. One that runs from
// there keeps its own file.
func replace(path, dir, name string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(dir, "."+name+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(to.Name())
		}
	}()
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Chmod(0o755), to.Close())
	if err != nil {
		return err
	}
	return os.Rename(to.Name(), filepath.Join(dir, name))
}
