package phone

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The files at the root of the app. Their names never change, so browsers ask
// for them anew; every other file lies in a folder named for what it holds.
const (
	indexName       = "index.html"
	workerName      = "sw.js"
	webManifestName = "manifest.webmanifest"
	manifestName    = "manifest.json"
)

// templates are the root files in which placeholders are filled, in the order
// in which each may know the hashes of those before it.
var templates = []string{indexName, webManifestName, workerName}

// File is one file of the app.
type File struct {
	Name string // relative to the app's address, with forward slashes
	Data []byte // must not be changed
	Type string // value of its Content-Type
	Hash string // SHA-256 of Data, 64 hexadecimal digits
}

// Manifest lists the files of a bundle.
type Manifest struct {
	Version string            `json:"version"` // of the release, such as 0.1.0
	Bundle  string            `json:"bundle"`  // name of the folder that holds all but the root files
	Files   map[string]string `json:"files"`   // SHA-256 by name, of every file but the manifest
}

// Bundle is the app, ready to be served. It does not change; its methods may be
// called from several goroutines.
type Bundle struct {
	options  Options
	manifest Manifest
	hash     string // of the manifest's bytes
	files    map[string]File
}

// File returns a file by its name relative to the app's address; "" is the page
// itself.
func (b *Bundle) File(name string) (File, bool) {
	if name == "" {
		name = indexName
	}
	f, ok := b.files[name]
	return f, ok
}

// Hash is the SHA-256 of the manifest in 64 hexadecimal digits: it stands for
// every byte of the app.
func (b *Bundle) Hash() string { return b.hash }

// Manifest lists the files, in a copy that is the caller's.
func (b *Bundle) Manifest() Manifest {
	m := b.manifest
	m.Files = maps.Clone(m.Files)
	return m
}

// Names are the names of all files, the manifest's too, in order.
func (b *Bundle) Names() []string { return slices.Sorted(maps.Keys(b.files)) }

// newBundle makes a bundle from the files that the bundler left.
func newBundle(from fs.FS, version string, o Options) (*Bundle, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	sources, err := readAll(from)
	if err != nil {
		return nil, err
	}
	b := &Bundle{options: o, files: map[string]File{}, manifest: Manifest{Version: version, Files: map[string]string{}}}
	b.manifest.Bundle = folderName(sources, version, o)
	for name, data := range sources {
		if !slices.Contains(templates, name) {
			if err := b.add(path.Join(b.manifest.Bundle, name), data); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range templates {
		data, ok := sources[name]
		if !ok {
			return nil, fmt.Errorf("%s is missing: %w", name, ErrSource)
		}
		if data, err = b.fill(name, data); err != nil {
			return nil, err
		}
		if err := b.add(name, data); err != nil {
			return nil, err
		}
	}
	return b, b.seal()
}

func readAll(from fs.FS) (map[string][]byte, error) {
	sources := map[string][]byte{}
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sources[name], err = fs.ReadFile(from, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built app: %w", err)
	}
	if _, taken := sources[manifestName]; taken {
		return nil, fmt.Errorf("%s is made, not written: %w", manifestName, ErrSource)
	}
	return sources, nil
}

// folderName is the first 16 hexadecimal digits of the SHA-256 over everything
// that the app depends on: no two different apps share a folder, and so no two
// share a cache in a browser.
func folderName(sources map[string][]byte, version string, o Options) string {
	list := sha256.New()
	fmt.Fprintf(list, "%s\n%s\n%s\n", version, o.Copy, o.Connect)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		fmt.Fprintf(list, "%s %s\n", sum(sources[name]), name)
	}
	return hex.EncodeToString(list.Sum(nil))[:16]
}

func (b *Bundle) add(name string, data []byte) error {
	kind, ok := contentTypes[path.Ext(name)]
	if !ok {
		return fmt.Errorf("nothing says of which type %s is: %w", name, ErrSource)
	}
	f := File{Name: name, Data: data, Type: kind, Hash: sum(data)}
	b.files[name] = f
	b.manifest.Files[name] = f.Hash
	return nil
}

var placeholder = regexp.MustCompile(`\{\{[a-z]+\}\}`)

// fill replaces the placeholders of a root file. Values are origins, words,
// hexadecimal digits, JSON of those, or JSON of headers that have no backquote in
// them, so none needs escaping.
func (b *Bundle) fill(name string, data []byte) ([]byte, error) {
	files, err := json.Marshal(b.manifest.Files) // in the order of names
	if err != nil {
		return nil, fmt.Errorf("list the files of the app: %w", err)
	}
	headers, err := json.Marshal(b.options.protection())
	if err != nil {
		return nil, fmt.Errorf("list the headers of the app: %w", err)
	}
	values := map[string]string{
		"{{bundle}}": b.manifest.Bundle, "{{version}}": b.manifest.Version,
		"{{connect}}": b.options.Connect, "{{copy}}": string(b.options.Copy),
	}
	if name == workerName {
		values["{{files}}"], values["{{headers}}"] = string(files), string(headers)
	}
	var unknown []string
	filled := placeholder.ReplaceAllFunc(data, func(found []byte) []byte {
		value, ok := values[string(found)]
		if !ok {
			unknown = append(unknown, string(found))
		}
		return []byte(value)
	})
	if unknown != nil {
		return nil, fmt.Errorf("%s has %s, which nothing fills: %w", name, strings.Join(unknown, ", "), ErrSource)
	}
	return filled, nil
}

// seal writes the manifest, which completes the bundle.
func (b *Bundle) seal() error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(b.manifest); err != nil {
		return fmt.Errorf("write the manifest of the app: %w", err)
	}
	b.hash = sum(text.Bytes())
	b.files[manifestName] = File{Name: manifestName, Data: text.Bytes(), Type: contentTypes[".json"], Hash: b.hash}
	return nil
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
