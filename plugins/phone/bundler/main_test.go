package main

import (
	"bytes"
	"compress/gzip"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// bundle runs the bundler as make does, from the top of the repository.
func bundle(t *testing.T) map[string]string {
	t.Helper()
	out := t.TempDir()
	if err := run("plugins/phone/app", out, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	err := filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(out, path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheSameSourcesGiveTheSameBytes(t *testing.T) {
	t.Chdir("../../..")
	first := bundle(t)
	if !testing.Short() {
		t.Setenv("GOCACHE", t.TempDir()) // so that the second is compiled anew
	}
	second := bundle(t)
	if len(first) != len(second) {
		t.Errorf("%d files, then %d", len(first), len(second))
	}
	for name, data := range first {
		if second[name] != data {
			t.Errorf("%s differs", name)
		}
	}
	for _, leak := range []string{os.TempDir(), os.Getenv("HOME")} {
		raw, err := gzip.NewReader(bytes.NewReader([]byte(first["app/"+wasmName])))
		if err != nil {
			t.Fatal(err)
		}
		var wasm bytes.Buffer
		if _, err := wasm.ReadFrom(raw); err != nil {
			t.Fatal(err)
		}
		if len(leak) > 4 && bytes.Contains(wasm.Bytes(), []byte(leak+"/")) {
			t.Errorf("the WebAssembly names %s", leak)
		}
	}
}

func TestWhatIsGoneFromTheSourcesGoesFromTheApp(t *testing.T) {
	dir := t.TempDir()
	for _, files := range []map[string][]byte{
		{"main.js": []byte("1"), "view/card.js": []byte("1")}, {"main.js": []byte("2")},
	} {
		if err := replace(dir, files); err != nil {
			t.Fatal(err)
		}
		found, err := handWritten(dir)
		if err != nil || len(found) != len(files) || string(found["main.js"]) != string(files["main.js"]) {
			t.Errorf("%d files, %v", len(found), err)
		}
	}
}

func TestStrayFilesAreRefused(t *testing.T) {
	for name, put := range map[string]func(dir string) error{
		"hidden": func(dir string) error { return os.WriteFile(filepath.Join(dir, ".DS_Store"), nil, 0o600) },
		"a link": func(dir string) error { return os.Symlink("/etc/hostname", filepath.Join(dir, "main.js")) },
	} {
		dir := t.TempDir()
		if err := put(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := handWritten(dir); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestIconsAreOpaqueAndOfTheirSize(t *testing.T) {
	for name, size := range icons {
		data, err := drawIcon(size)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil || picture.Bounds().Dx() != size || picture.Bounds().Dy() != size {
			t.Fatalf("%s: %v", name, err)
		}
		colours := map[uint32]bool{}
		for x := range size {
			r, _, _, a := picture.At(x, size/2).RGBA()
			colours[r] = true
			if a != 0xffff {
				t.Fatalf("%s is not opaque", name)
			}
		}
		if len(colours) < 2 {
			t.Errorf("%s shows nothing", name)
		}
	}
}
