package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
)

func TestVersionsAreThoseOfRegistries(t *testing.T) {
	for _, version := range []string{"", "v0.1.0", "0.1", "latest", "0.1.0 ", "0.1.0/../x", "0.1.0+build"} {
		for _, args := range [][]string{
			{"dist", "-version", version, "-out", t.TempDir()},
			{"mirror", "-version", version, "provider"},
		} {
			if err := run(context.Background(), args, io.Discard); !errors.Is(err, errVersion) {
				t.Errorf("%q: %v", args, err)
			}
		}
	}
	for _, version := range []string{"0.1.0", "1.20.3", "0.2.0-rc1"} {
		if !versionForm.MatchString(version) {
			t.Errorf("%q is refused", version)
		}
	}
}

func TestPlatformsAreReadAsGoNamesThem(t *testing.T) {
	got, err := parsePlatforms("linux/amd64, windows/arm64")
	if err != nil {
		t.Fatal(err)
	}
	if want := []platform{{"linux", "amd64"}, {"windows", "arm64"}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, names := range []string{"", " , ", "linux", "linux_amd64", "linux/", "/amd64", "linux/arm/7", "linux/amd64 linux/amd64"} {
		if got, err := parsePlatforms(names); !errors.Is(err, errPlatform) {
			t.Errorf("%q: %v, %v", names, got, err)
		}
	}
}

func TestUsageIsToldForAnythingElse(t *testing.T) {
	for _, args := range [][]string{nil, {"publish"}, {"dist", "extra"}, {"mirror"}, {"mirror", "one", "two"}} {
		if err := run(context.Background(), args, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
