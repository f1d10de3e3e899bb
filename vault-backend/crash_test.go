package backend

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

var errPulled = errors.New("the plug was pulled")

// failing is a storage that takes n writes and no more, as if the machine
// stopped there.
type failing struct {
	logical.Storage
	left int
}

func (f *failing) write(do func() error) error {
	if f.left == 0 {
		return errPulled
	}
	f.left--
	return do()
}

func (f *failing) Put(ctx context.Context, e *logical.StorageEntry) error {
	return f.write(func() error { return f.Storage.Put(ctx, e) })
}

func (f *failing) Delete(ctx context.Context, key string) error {
	return f.write(func() error { return f.Storage.Delete(ctx, key) })
}

// stopEverywhere makes a call again and again on a fresh organisation, with
// storage that stops after the n-th write, for every n until the call succeeds.
// After each stop a new process starts over what was stored; check must hold,
// the call is made again, must succeed, and then after must hold.
func stopEverywhere(t *testing.T, setup func(*rig), call func(*rig) *logical.Request, check, after func(*rig)) {
	for n := 0; ; n++ {
		r := newOrganisation(t)
		setup(r)
		whole := r.storage
		r.storage = &failing{Storage: whole, left: n}
		r.start()
		req := call(r)
		again := *req
		again.Data = map[string]any{}
		for k, v := range req.Data {
			again.Data[k] = v
		}
		_, err := r.send(req)
		if err != nil && !errors.Is(err, errPulled) {
			t.Fatalf("stopped after %d writes: %v", n, err)
		}
		r.storage = whole
		r.start()
		check(r)
		again.Storage = whole
		if _, repeated := r.send(&again); repeated != nil {
			t.Fatalf("stopped after %d writes, repeated: %v", n, repeated)
		}
		after(r)
		if left, listErr := whole.List(context.Background(), "wal/"); listErr != nil || len(left) != 0 {
			t.Fatalf("stopped after %d writes: %d removals left undone (%v)", n, len(left), listErr)
		}
		if err == nil {
			if n == 0 {
				t.Fatal("the call wrote nothing: this test tests nothing")
			}
			return
		}
	}
}

// versions returns the current version's number and how many ciphertexts of a
// path are stored.
func (r *rig) versions(path string) (current uint64, ciphertexts int) {
	r.t.Helper()
	record, err := r.b.loadRecord(context.Background(), path)
	r.Must(err)
	if v := record.current(); v != nil {
		current = v.Number
	}
	keys, err := r.storage.List(context.Background(), versionFolder(path))
	r.Must(err)
	for _, key := range keys {
		entry, err := load[versionEntry](context.Background(), r.storage, versionFolder(path)+key)
		r.Must(err)
		if entry.Payload != nil {
			ciphertexts++
		}
	}
	return current, ciphertexts
}

func TestAWriteThatIsCutOffLosesNothing(t *testing.T) {
	for name, before := range map[string]uint64{"first version": 0, "next version": 2} {
		t.Run(name, func(t *testing.T) {
			stopEverywhere(t,
				func(r *rig) {
					for range before {
						r.do(update, "secret/prod/db", map[string]any{"k": "v"})
					}
				},
				func(r *rig) *logical.Request {
					return r.request(update, "secret/prod/db", map[string]any{"k": "w", "cas": int(before)})
				},
				func(r *rig) {
					current, _ := r.versions("prod/db")
					for n := uint64(1); n <= current; n++ {
						_, err := r.b.loadVersion(context.Background(), "prod/db", n)
						r.Must(err)
					}
					if current != before && current != before+1 {
						t.Fatalf("current version is %d", current)
					}
				},
				func(r *rig) {
					if current, all := r.versions("prod/db"); current != before+1 || all != int(before)+1 {
						t.Fatalf("current version is %d of %d", current, all)
					}
				})
		})
	}
}

func TestAnAppendThatIsCutOffLosesNothing(t *testing.T) {
	var stored int
	stopEverywhere(t,
		func(r *rig) {
			stored = len(r.Log)
			r.Admit("carol")
			r.Admit("dave")
		},
		func(r *rig) *logical.Request {
			return r.request(update, "org/log", map[string]any{"statements": r.logTexts()})
		},
		func(r *rig) {
			if seq := r.do(read, "status", nil)["head_seq"].(int64); seq < int64(stored-1) || seq >= int64(len(r.Log)) {
				t.Fatalf("the log ends at %d, %d statements were there", seq, stored)
			}
		},
		func(r *rig) {
			if seq := r.do(read, "status", nil)["head_seq"].(int64); seq != int64(len(r.Log)-1) {
				t.Fatalf("the log ends at %d, want %d", seq, len(r.Log)-1)
			}
		})
}

func TestADeletionThatIsCutOffIsFinished(t *testing.T) {
	write := func(r *rig) {
		for range 3 {
			r.do(update, "secret/prod/db", map[string]any{"k": "v"})
		}
	}
	for name, c := range map[string]struct {
		op                logical.Operation
		path              string
		data              map[string]any
		current, versions int
	}{
		"delete":   {erase, "secret/prod/db", nil, 3, 3},
		"destroy":  {update, "destroy/prod/db", map[string]any{"versions": []any{float64(1), float64(2)}}, 3, 1},
		"metadata": {erase, "metadata/prod/db", nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			stopEverywhere(t, write,
				func(r *rig) *logical.Request { return r.request(c.op, c.path, c.data) },
				func(r *rig) {
					current, all := r.versions("prod/db")
					if begun := current == 3 && all == 3; !begun && (current != uint64(c.current) || all != c.versions) {
						t.Fatalf("current version is %d, %d ciphertexts: neither before nor after", current, all)
					}
				},
				func(r *rig) {
					if current, all := r.versions("prod/db"); current != uint64(c.current) || all != c.versions {
						t.Fatalf("current version is %d, %d ciphertexts", current, all)
					}
				})
		})
	}
}

func TestARepairSparesWhatWasWrittenSince(t *testing.T) {
	r := newOrganisation(t)
	r.do(update, "secret/prod/db", map[string]any{"k": "old"})
	r.do(update, "secret/prod/db", map[string]any{"k": "old"})
	whole := r.storage
	r.storage = &failing{Storage: whole, left: 2} // the note and the metadata
	r.start()
	if _, err := r.send(r.request(erase, "metadata/prod/db", nil)); !errors.Is(err, errPulled) {
		t.Fatalf("the deletion was not cut off: %v", err)
	}
	r.storage.(*failing).left = 100 // storage is back; the note is still there
	r.do(update, "secret/prod/db", map[string]any{"k": "new"})
	r.storage = whole
	r.start()
	if current, all := r.versions("prod/db"); current != 1 || all != 1 {
		t.Fatalf("current version is %d, %d ciphertexts", current, all)
	}
}

func TestTheMountStaysItselfWhenCutOff(t *testing.T) {
	r := newRig(t)
	first, err := r.b.self(context.Background())
	r.Must(err)
	r.start()
	second, err := r.b.self(context.Background())
	r.Must(err)
	if first.id != second.id || first.signer.Public() != second.signer.Public() {
		t.Fatal("the mount became another")
	}
	// Before its first write the mount has no identity; the next start makes it.
	whole := logical.Storage(&logical.InmemStorage{})
	r.storage = &failing{Storage: whole}
	r.start()
	if _, err := r.b.self(context.Background()); !errors.Is(err, errPulled) {
		t.Fatalf("an identity that was not stored is used: %v", err)
	}
	r.storage = whole
	r.start()
	r.do(read, "mount", nil)
}
