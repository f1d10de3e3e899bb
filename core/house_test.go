// Package core_test holds the rules of the house: which folders there are, and
// who may import whom. A rule that has to change is changed here first.
package core_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stillvault/stillvault"

var (
	// rooms are the folders at the top level.
	rooms = []string{"cmd", "core", "docs", "examples", "plugins", "terraform-provider", "tools", "vault-backend"}

	// layers are the packages of the protocol. Each imports only those
	// before it.
	layers = []string{"envelope", "keyring", "roster", "secret", "approval"}

	// helpers are the packages below core that only tests may import, and the
	// one that is nothing but tests. They may do what tests do.
	helpers = []string{"attack", "coretest", "internal/mutate"}

	// coreImports are the modules that core imports besides the standard
	// library: audited cryptography and Unicode, and nothing of HashiCorp.
	coreImports = []string{"golang.org/x/crypto", "golang.org/x/text", "filippo.io/edwards25519"}

	// coreBrings are the modules that coreImports need in turn: processor
	// features.
	coreBrings = []string{"golang.org/x/sys"}

	// outside are the standard library's ways out of the process. Core has
	// none of them: what it reads and writes is handed to it.
	outside = []string{"database", "log", "net", "os", "plugin", "syscall", "testing"}

	// noWayOut are packages below those that reach nothing by themselves:
	// slog is imported for LogValue, by which keys redact themselves.
	noWayOut = []string{"log/slog"}
)

func TestTheHouseHasTheseRooms(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		built := name == "bin" // by make, and ignored by git
		if entry.IsDir() && !strings.HasPrefix(name, ".") && !built && !slices.Contains(rooms, name) {
			t.Errorf("%s is no room of the house; the rooms are %s", name, strings.Join(rooms, ", "))
		}
	}
}

func TestEveryPackageOfCoreHasItsPlace(t *testing.T) {
	found := coreFiles(t)
	for folder := range found {
		if !slices.Contains(layers, folder) && !slices.Contains(helpers, folder) {
			t.Errorf("core/%s is neither one of the layers (%s) nor one of the helpers of tests (%s)",
				folder, strings.Join(layers, ", "), strings.Join(helpers, ", "))
		}
	}
	for _, layer := range layers {
		if len(found[layer]) == 0 {
			t.Errorf("core/%s has no code, so the rules about it hold nothing", layer)
		}
	}
}

func TestEachLayerImportsOnlyThoseBelowIt(t *testing.T) {
	for height, layer := range layers {
		for _, file := range coreFiles(t)[layer] {
			for _, imported := range file.imports {
				below, isCore := strings.CutPrefix(imported, module+"/core/")
				if isCore && !slices.Contains(layers[:height], below) {
					t.Errorf("%s imports core/%s; below %s lie only %v", file.path, below, layer, layers[:height])
				}
			}
		}
	}
}

func TestCoreImportsLittle(t *testing.T) {
	allowed := append([]string{module + "/core"}, coreImports...)
	for _, file := range layerFiles(t) {
		for _, imported := range file.imports {
			if !standard(imported) && !within(imported, allowed) {
				t.Errorf("%s imports %s; core may import %s", file.path, imported, strings.Join(coreImports, ", "))
			}
		}
	}
}

func TestWhatCoreImportsBringsLittle(t *testing.T) {
	allowed := slices.Concat([]string{module + "/core"}, coreImports, coreBrings)
	for _, p := range goList(t, "./core/...") {
		for _, dep := range p.Deps {
			if !standard(dep) && !within(dep, allowed) {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

func TestCoreDoesNoIO(t *testing.T) {
	for _, file := range layerFiles(t) {
		for _, imported := range file.imports {
			if within(imported, outside) && !within(imported, noWayOut) {
				t.Errorf("%s imports %s; core is handed what it reads and writes", file.path, imported)
			}
		}
	}
}

func TestTheBackendAndTheProviderLiveApart(t *testing.T) {
	const backend, provider = module + "/vault-backend", module + "/terraform-provider"
	for _, p := range goList(t, "./...") {
		for _, dep := range p.Deps {
			if within(p.ImportPath, []string{backend}) && within(dep, []string{provider}) ||
				within(p.ImportPath, []string{provider}) && within(dep, []string{backend}) {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

func TestHelpersOfTestsAreInNoProgram(t *testing.T) {
	var testsOnly []string
	for _, helper := range helpers {
		testsOnly = append(testsOnly, module+"/core/"+helper)
	}
	for _, p := range goList(t, "./...") {
		if p.Name != "main" {
			continue
		}
		for _, dep := range p.Deps {
			if within(dep, testsOnly) {
				t.Errorf("the program %s contains %s, which is for tests", p.ImportPath, dep)
			}
		}
	}
}

// standard reports whether a package is the standard library's: those have no
// host name before the first slash.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// within reports whether a package is one of roots or lies below one.
func within(imported string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return imported == root || strings.HasPrefix(imported, root+"/")
	})
}

// sourceFile is a Go file that is not a test.
type sourceFile struct {
	path    string
	imports []string
}

// layerFiles are the source files of all layers.
func layerFiles(t *testing.T) []sourceFile {
	t.Helper()
	found := coreFiles(t)
	var files []sourceFile
	for _, layer := range layers {
		files = append(files, found[layer]...)
	}
	if len(files) == 0 {
		t.Fatal("core has no code, so this rule holds nothing")
	}
	return files
}

// coreFiles are the source files below core by folder. They are parsed rather
// than listed, so that files for another system or experiment count too.
func coreFiles(t *testing.T) map[string][]sourceFile {
	t.Helper()
	found := map[string][]sourceFile{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		source := sourceFile{path: "core/" + filepath.ToSlash(file)}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			source.imports = append(source.imports, imported)
		}
		folder := filepath.ToSlash(filepath.Dir(file))
		found[folder] = append(found[folder], source)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// listed is what the tests read of a package that `go list` describes. Deps
// are all packages that it needs, directly or not, tests left out.
type listed struct {
	ImportPath, Name string
	Deps             []string
}

// goList describes the packages of the module that match pattern.
func goList(t *testing.T, pattern string) []listed {
	t.Helper()
	noticeChanges(t)
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Deps", pattern)
	list.Dir = ".."
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading the list of packages: %v", err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatalf("no package matches %s, so this rule holds nothing", pattern)
	}
	return packages
}

// noticeChanges looks at all Go files of the module. The go command remembers
// what a test looked at and runs it again when that changes, but it cannot see
// what the command that goList runs looks at.
func noticeChanges(t *testing.T) {
	t.Helper()
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join("..", room), func(file string, _ fs.DirEntry, err error) error {
			if err == nil && path.Ext(file) == ".go" {
				_, err = os.Stat(file)
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a room not built yet, or a file gone meanwhile
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
