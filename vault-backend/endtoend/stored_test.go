package endtoend

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
)

// stored walks the development host's storage.
func (e *embedded) stored(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	ctx, storage := context.Background(), e.Storage()
	walk(t, "", func(prefix string) ([]string, error) { return storage.List(ctx, prefix) }, func(key string) {
		entry, err := storage.Get(ctx, key)
		if err != nil || entry == nil {
			t.Fatalf("storage entry %s: %v", key, err)
		}
		all[key] = entry.Value
	})
	return all
}

// stored reads everything below Vault's encryption through sys/raw, the leases
// and cubbyholes included, and adds the audit log and a raft snapshot.
func (r *real) stored(t testing.TB) map[string][]byte {
	t.Helper()
	client := r.client(t)
	all := map[string][]byte{}
	list := func(prefix string) ([]string, error) { return listRaw(client, prefix) }
	walk(t, "", list, func(key string) {
		value, err := readRaw(client, key)
		var refused *api.ResponseError
		if errors.As(err, &refused) && strings.HasPrefix(key, vaultsOwn) {
			return
		}
		if err != nil {
			t.Fatalf("sys/raw/%s: %v", key, err)
		}
		all["sys/raw/"+key] = value
	})
	audit, err := os.ReadFile(r.AuditLog())
	if err != nil {
		t.Fatal(err)
	}
	all["audit log"] = audit
	var snapshot bytes.Buffer
	if err := client.Sys().RaftSnapshot(&snapshot); err != nil {
		t.Fatal(err)
	}
	for name, content := range unpack(t, snapshot.Bytes()) {
		all["raft snapshot/"+name] = content
	}
	return all
}

// vaultsOwn holds the keys of Vault's own encryption, which sys/raw does not
// show, and what Vault stores without it, which sys/raw cannot read; the latter
// is in the snapshot as it stands.
const vaultsOwn = "core/"

func listRaw(client *api.Client, prefix string) ([]string, error) {
	listed, err := client.Logical().List("sys/raw/" + prefix)
	if err != nil || listed == nil {
		return nil, err
	}
	keys, _ := listed.Data["keys"].([]any)
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		name, _ := key.(string)
		names = append(names, name)
	}
	return names, nil
}

// readRaw reads an entry, decompressed where Vault compressed it. Of random
// bytes, such as a salt, Vault may believe that they are compressed and fail to
// decompress them; those are read as they are.
func readRaw(client *api.Client, key string) ([]byte, error) {
	query := map[string][]string{"encoding": {"base64"}}
	read, err := client.Logical().ReadWithData("sys/raw/"+key, query)
	var refused *api.ResponseError
	if errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest {
		query["compressed"] = []string{"false"}
		read, err = client.Logical().ReadWithData("sys/raw/"+key, query)
	}
	if err != nil {
		return nil, err
	}
	if read == nil {
		return nil, nil // deleted since it was listed
	}
	text, _ := read.Data["value"].(string)
	return base64.StdEncoding.DecodeString(text)
}

// walk calls visit for every key below prefix.
func walk(t testing.TB, prefix string, list func(string) ([]string, error), visit func(string)) {
	t.Helper()
	names, err := list(prefix)
	if err != nil {
		t.Fatalf("list %q: %v", prefix, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			walk(t, prefix+name, list, visit)
		} else {
			visit(prefix + name)
		}
	}
}

// unpack returns the files in a compressed archive.
func unpack(t testing.TB, archive []byte) map[string][]byte {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for reader := tar.NewReader(zipped); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}
