package acceptance

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A search that finds nothing proves something only if it would find what is there.
func TestLeaksAreFoundHoweverTheyAreWritten(t *testing.T) {
	const text = `q"uo<te>&\ ütf $pace/+%41`
	seed := bytes.Repeat([]byte{0xfb, 0x00, 0x41, 0x7f}, 8)
	quoted, _ := json.Marshal(text)
	nested, _ := json.Marshal(map[string]string{"in": string(quoted)})
	for name, written := range map[string]string{
		"text":           text,
		"JSON":           string(quoted),
		"JSON in JSON":   string(nested),
		"Go":             fmt.Sprintf("%q", text),
		"ASCII":          fmt.Sprintf("%+q", text),
		"query":          url.QueryEscape(text),
		"path":           url.PathEscape(text),
		"hex":            hex.EncodeToString([]byte(text)),
		"hex dump":       fmt.Sprintf("%X", text),
		"base64":         base64.StdEncoding.EncodeToString([]byte(text)),
		"base64, behind": base64.StdEncoding.EncodeToString([]byte("a" + text + "b")),
		"base64, inside": base64.RawURLEncoding.EncodeToString([]byte("ab" + text + "cd")),
		"bytes":          fmt.Sprint([]byte(text)),
		"key":            string(seed),
		"key in text":    base64.RawURLEncoding.EncodeToString(seed),
		"key, base64":    base64.StdEncoding.EncodeToString(seed),
		"private key":    base64.StdEncoding.EncodeToString(append(bytes.Clone(seed), bytes.Repeat([]byte{7}, 32)...)),
		"key in hex":     hex.EncodeToString(seed),
		"key's bytes":    fmt.Sprint(seed),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			log := strings.Repeat("2026-11-22 [TRACE] nothing here\n", 100) + `{"@message":"` + written + `"}` + "\n"
			if err := os.WriteFile(filepath.Join(dir, "trace.log"), []byte(log), 0o600); err != nil {
				t.Fatal(err)
			}
			hay, err := haystacks(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(leaks(hay, append(textNeedles("text", text), byteNeedles("key", seed)...))) == 0 {
				t.Errorf("not found: %q", written)
			}
		})
	}
	if found := leaks([]haystack{{"log", []byte("nothing here")}}, textNeedles("text", text)); len(found) > 0 {
		t.Errorf("found where nothing is: %s", found)
	}
}
