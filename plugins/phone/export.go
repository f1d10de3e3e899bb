package phone

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrOccupied means that an export would mix with other files.
var ErrOccupied = errors.New("directory_not_empty: an export wants a directory with nothing in it; name a new one")

// headersName is the file that several static hosts read headers from.
const headersName = "_headers"

// Export writes every file of the bundle into dir, which is created or has to
// be empty, and a file _headers that says with which headers each has to
// travel, in the form that several static hosts read. The error may be
// ErrOccupied; what was written before another error stays.
func (b *Bundle) Export(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("export the app: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("export the app to %s: %w", dir, ErrOccupied)
	}
	for _, name := range b.Names() {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), b.files[name].Data); err != nil {
			return fmt.Errorf("export the app: %w", err)
		}
	}
	if err := writeFile(filepath.Join(dir, headersName), b.headersFile()); err != nil {
		return fmt.Errorf("export the app: %w", err)
	}
	return nil
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// headersFile lists what is the same for all, and then what is not. There is no
// ETag in it: hosts make their own.
func (b *Bundle) headersFile() []byte {
	var text strings.Builder
	protection := b.options.protection()
	fmt.Fprintln(&text, "/*")
	for _, name := range slices.Sorted(maps.Keys(protection)) {
		fmt.Fprintf(&text, "  %s: %s\n", name, protection[name])
	}
	fmt.Fprintf(&text, "/\n  Cache-Control: %s\n", b.CacheControl(indexName))
	for _, name := range b.Names() {
		fmt.Fprintf(&text, "/%s\n  Cache-Control: %s\n  Content-Type: %s\n", name, b.CacheControl(name), b.files[name].Type)
	}
	return []byte(text.String())
}
