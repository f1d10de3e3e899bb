package envelope_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"

	"github.com/stillvault/stillvault/core/envelope"
)

// hkdf32 is HKDF-SHA256 with an output of one block, from RFC 5869 alone.
func hkdf32(t testing.TB, ikm, salt []byte, info string) []byte {
	t.Helper()
	if salt == nil {
		salt = make([]byte, sha256.Size)
	}
	extract := hmac.New(sha256.New, salt)
	extract.Write(ikm)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte(info))
	expand.Write([]byte{1})
	return expand.Sum(nil)
}

func TestDeriveIsHKDF(t *testing.T) {
	// RFC 5869, appendix A.1, the first 32 bytes of its output.
	got, err := envelope.Derive(bytes.Repeat([]byte{0x0b}, 22), fixed(0, 13), envelope.Label(fixed(0xf0, 10)), nil)
	want := unhex(t, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("RFC 5869 A.1: got %x, %v", got.Bytes(), err)
	}
	context := encodeByHand(contexts()[envelope.PurposeDEK])
	got, err = envelope.Derive(fixed(1, 32), fixed(2, 32), envelope.LabelDEK, context)
	want = hkdf32(t, fixed(1, 32), fixed(2, 32), "stillvault/dek/v1"+string(context))
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("with a context: got %x, %v", got.Bytes(), err)
	}
}

func TestEveryInputOfDeriveMatters(t *testing.T) {
	seen := map[string]string{}
	for name, derive := range map[string]func() (*envelope.Key, error){
		"plain":         func() (*envelope.Key, error) { return envelope.Derive([]byte("ikm"), []byte("salt"), "label", nil) },
		"another ikm":   func() (*envelope.Key, error) { return envelope.Derive([]byte("ikn"), []byte("salt"), "label", nil) },
		"another salt":  func() (*envelope.Key, error) { return envelope.Derive([]byte("ikm"), []byte("salu"), "label", nil) },
		"another label": func() (*envelope.Key, error) { return envelope.Derive([]byte("ikm"), []byte("salt"), "labem", nil) },
		"another context": func() (*envelope.Key, error) {
			return envelope.Derive([]byte("ikm"), []byte("salt"), "label", []byte{1})
		},
	} {
		k, err := derive()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other, dup := seen[string(k.Bytes())]; dup {
			t.Errorf("%s derives the key of %s", name, other)
		}
		seen[string(k.Bytes())] = name
	}
}

// constants returns the values of the string constants of one type that a
// source file declares, so that a test of all of them cannot miss a new one.
func constants(t testing.TB, file, typeName string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, declaration := range parsed.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.CONST {
			continue
		}
		inGroup := false
		for _, spec := range general.Specs {
			value := spec.(*ast.ValueSpec)
			if named, ok := value.Type.(*ast.Ident); ok {
				inGroup = named.Name == typeName
			}
			if !inGroup || len(value.Values) == 0 {
				continue
			}
			text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values[value.Names[0].Name] = text
		}
	}
	if len(values) == 0 {
		t.Fatalf("%s declares no %s", file, typeName)
	}
	return values
}

func TestEveryUseHasAStringOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		file, typeName string
		form           *regexp.Regexp
	}{
		{"derive.go", "Label", regexp.MustCompile(`^stillvault/[a-z-]+/v1$`)},
		{"sign.go", "PayloadType", regexp.MustCompile(`^application/vnd\.stillvault\.[a-z-]+\.v1\+json$`)},
		{"context.go", "Purpose", regexp.MustCompile(`^[a-z-]+$`)},
	} {
		seen := map[string]string{}
		for name, text := range constants(t, c.file, c.typeName) {
			if other, dup := seen[text]; dup {
				t.Errorf("%s and %s are both %q", name, other, text)
			}
			if !c.form.MatchString(text) {
				t.Errorf("%s is %q, want %s", name, text, c.form)
			}
			seen[text] = name
		}
	}
}

func TestEveryPurposeIsTested(t *testing.T) {
	all := contexts()
	for name, text := range constants(t, "context.go", "Purpose") {
		if _, ok := all[envelope.Purpose(text)]; !ok {
			t.Errorf("%s has no context in these tests", name)
		}
	}
}
