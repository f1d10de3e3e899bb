package acceptance

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// needle is one way of writing something that must not be found.
type needle struct {
	what, form string
	bytes      []byte
}

// textNeedles are the ways in which a text may be written down.
func textNeedles(what, text string) []needle {
	escaped, _ := json.Marshal(text)
	twice, _ := json.Marshal(string(escaped))
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)
	needles := []needle{
		{what, "in JSON", bytes.Trim(escaped, `"`)},
		{what, "in JSON in JSON", bytes.TrimSuffix(bytes.TrimPrefix(twice, []byte(`"\"`)), []byte(`\""`))},
		{what, "in JSON, unescaped for HTML", bytes.Trim(bytes.TrimSpace(plain.Bytes()), `"`)},
		{what, "quoted as in Go", []byte(strings.Trim(fmt.Sprintf("%q", text), `"`))},
		{what, "quoted as in ASCII", []byte(strings.Trim(fmt.Sprintf("%+q", text), `"`))},
		{what, "in a query", []byte(url.QueryEscape(text))},
		{what, "in a path", []byte(url.PathEscape(text))},
	}
	return append(needles, byteNeedles(what, []byte(text))...)
}

// byteNeedles are the ways in which bytes may be written down.
func byteNeedles(what string, b []byte) []needle {
	numbers := strings.Trim(fmt.Sprint(b), "[]")
	needles := []needle{
		{what, "as it is", b},
		{what, "in hexadecimal", []byte(hex.EncodeToString(b))},
		{what, "in capital hexadecimal", []byte(strings.ToUpper(hex.EncodeToString(b)))},
		{what, "as numbers", []byte(numbers)},
		{what, "as a list", []byte(strings.ReplaceAll(numbers, " ", ","))},
	}
	// In the middle of something else, base64 begins at any of three places; what
	// depends on the neighbours is cut off.
	for shift := range 3 {
		padded := append(make([]byte, shift), b...)
		padded = padded[:len(padded)/3*3]
		for form, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding} {
			text := encoding.EncodeToString(padded)
			needles = append(needles, needle{what, fmt.Sprintf("in %s, shifted by %d", form, shift), []byte(text[(shift*8+5)/6:])})
		}
	}
	return needles
}

// haystack is one file, or one member of an archive.
type haystack struct {
	name string
	data []byte
}

// haystacks reads files and directories, and looks into archives, as a plan is one.
func haystacks(paths ...string) ([]haystack, error) {
	var all []haystack
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all = append(all, haystack{path, data})
			if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
				return nil
			}
			archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				return err
			}
			for _, member := range archive.File {
				r, err := member.Open()
				if err != nil {
					return err
				}
				data, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				all = append(all, haystack{path + "!" + member.Name, data})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// leaks says which needles lie where.
func leaks(hay []haystack, needles []needle) []string {
	var found []string
	for _, h := range hay {
		for _, n := range needles {
			if bytes.Contains(h.data, n.bytes) {
				found = append(found, fmt.Sprintf("%s has %s %s", h.name, n.what, n.form))
			}
		}
	}
	return found
}

// secrets are what a script must not leak: the strings of the JSON object in
// $WORK/value.json and that object itself, the signer's key and the consumer's.
func secrets(ts *testscript.TestScript) []needle {
	var value map[string]string
	text := strings.TrimSpace(ts.ReadFile("value.json"))
	ts.Check(json.Unmarshal([]byte(text), &value))
	needles := textNeedles("the whole value", text)
	for key, secret := range value {
		needles = append(needles, textNeedles("the value of "+key, secret)...)
	}
	for what, path := range map[string]string{"the signer's key": "org.key", "the consumer's key": ts.Getenv("KEY_FILE")} {
		var file struct {
			Seed string `json:"seed"`
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(path)), &file))
		seed, err := base64.RawURLEncoding.DecodeString(file.Seed)
		ts.Check(err)
		if len(seed) != 32 {
			ts.Fatalf("%s holds no key", path)
		}
		needles = append(needles, byteNeedles(what, seed)...)
	}
	return needles
}

// scriptLeaks runs "leaks FILE…": it succeeds where something secret is found in one of
// the files, or below one of the directories.
func scriptLeaks(ts *testscript.TestScript, negated bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: leaks FILE…")
	}
	for i, path := range args {
		args[i] = ts.MkAbs(path)
	}
	hay, err := haystacks(args...)
	ts.Check(err)
	size := 0
	for _, h := range hay {
		size += len(h.data)
	}
	ts.Logf("%d files, %d bytes", len(hay), size)
	found := leaks(hay, secrets(ts))
	switch {
	case negated && len(found) > 0:
		ts.Fatalf("%s", strings.Join(found, "\n"))
	case !negated && len(found) == 0:
		ts.Fatalf("nothing secret in %s, and there has to be", strings.Join(args, ", "))
	}
	ts.Logf("%s", strings.Join(found, "\n"))
}
