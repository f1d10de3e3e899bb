package acceptance

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stillvault/stillvault/plugins/host"
)

// embedded is what a script has of its broker.
type embedded struct {
	host  *host.Host
	saved map[string]map[string]*logical.StorageEntry
}

type embeddedKey struct{}

// scriptSnapshot runs "snapshot NAME": what the broker has stored is kept.
func scriptSnapshot(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 {
		ts.Fatalf("usage: snapshot NAME")
	}
	e := ts.Value(embeddedKey{}).(*embedded)
	saved := map[string]*logical.StorageEntry{}
	storage := e.host.Storage()
	keys, err := logical.CollectKeys(context.Background(), storage)
	ts.Check(err)
	for _, key := range keys {
		entry, err := storage.Get(context.Background(), key)
		ts.Check(err)
		if entry != nil { // the broker may have deleted it meanwhile
			saved[key] = entry
		}
	}
	e.saved[args[0]] = saved
}

// scriptRestore runs "restore NAME": the broker begins again with what it had stored
// at a snapshot, as after a restore of a backup. "restore nothing" is the empty one.
func scriptRestore(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 {
		ts.Fatalf("usage: restore NAME")
	}
	e := ts.Value(embeddedKey{}).(*embedded)
	saved, known := e.saved[args[0]]
	if !known && args[0] != "nothing" {
		ts.Fatalf("no snapshot %s", args[0])
	}
	// Killed, so that it writes nothing more, not even when it ends.
	ts.Check(e.host.Kill())
	ctx, storage := context.Background(), e.host.Storage()
	keys, err := logical.CollectKeys(ctx, storage)
	ts.Check(err)
	for _, key := range keys {
		ts.Check(storage.Delete(ctx, key))
	}
	for _, entry := range saved {
		ts.Check(storage.Put(ctx, entry))
	}
	ts.Check(e.host.Restart(ctx))
}
