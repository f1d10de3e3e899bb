package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fuzz target without seeds runs nothing under `go test` and nobody notices.
// Every target in the repository is found in its source, so that a new one
// cannot be forgotten. Its seeds are files beside it or calls of Add in it.
func TestEveryFuzzTargetHasSeeds(t *testing.T) {
	root := repository(t)
	targets := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		found, err := fuzzTargets(path)
		if err != nil {
			return err
		}
		for name, inCode := range found {
			targets++
			if inCode+seeds(t, filepath.Join(filepath.Dir(path), "testdata", "fuzz", name)) == 0 {
				relative, _ := filepath.Rel(root, path)
				t.Errorf("%s in %s has no seeds: add some to testdata/fuzz/%s beside it", name, relative, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if targets == 0 {
		t.Fatal("no fuzz target found: the search is broken")
	}
	t.Logf("%d fuzz targets", targets)
}

// fuzzTargets returns the fuzz targets of a file, each with how many times it
// calls Add.
func fuzzTargets(path string) (map[string]int, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, d := range file.Decls {
		f, isFunc := d.(*ast.FuncDecl)
		if !isFunc || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		adds := 0
		ast.Inspect(f, func(n ast.Node) bool {
			if call, isCall := n.(*ast.CallExpr); isCall {
				if s, isSelector := call.Fun.(*ast.SelectorExpr); isSelector && s.Sel.Name == "Add" {
					adds++
				}
			}
			return true
		})
		found[f.Name.Name] = adds
	}
	return found, nil
}

// repository is the folder of go.mod.
func repository(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("..")
	if err == nil {
		_, err = os.Stat(filepath.Join(folder, "go.mod"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// seeds counts the files of a corpus that go test reads.
func seeds(t *testing.T, folder string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(content), "go test fuzz v1\n") {
			n++
		}
	}
	return n
}
