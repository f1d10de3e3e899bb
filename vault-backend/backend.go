package backend

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// Version is the running version, set by the linker (-ldflags "-X …"). It must
// equal the one that the plug-in is registered with, or Vault refuses to start
// it.
var Version = "v0.1.0"

// broker is the secrets engine. Its own HandleRequest and HandleExistenceCheck
// stand before the framework's (guard.go).
type broker struct {
	*framework.Backend

	storage   logical.Storage // also for what happens outside of a request
	now       func() time.Time
	locks     []*locksutil.LockEntry // by secret path; entries share locks, so nobody takes two
	kits      sync.Mutex             // of recovery kits, taken under one of locks
	identity  identity
	settings  settings
	log       orgLog
	index     inventory
	refusals  limiter
	handovers mailbox
	routing   routing
	resharing resharing
	draining  atomic.Bool
	tidied    atomic.Int64 // when invitations were last looked through, Unix seconds
}

var _ logical.Backend = (*broker)(nil)

// Factory makes the secrets engine; Vault calls it for every mount.
func Factory(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	return newBroker(ctx, config, time.Now)
}

func newBroker(ctx context.Context, config *logical.BackendConfig, now func() time.Time) (*broker, error) {
	if config == nil || config.StorageView == nil {
		return nil, fmt.Errorf("make the secrets engine: no storage was configured")
	}
	b := &broker{storage: config.StorageView, now: now, locks: locksutil.CreateLocks()}
	b.Backend = &framework.Backend{
		Help:              help,
		BackendType:       logical.TypeLogical,
		RunningVersion:    Version,
		PathsSpecial:      specialPaths(),
		Paths:             b.paths(),
		InitializeFunc:    b.initialize,
		PeriodicFunc:      b.periodic,
		Invalidate:        b.invalidate,
		Clean:             b.clean,
		WALRollback:       b.finishRemoval,
		WALRollbackMinAge: time.Minute,
	}
	if err := b.Setup(ctx, config); err != nil {
		return nil, fmt.Errorf("set up the secrets engine: %w", err)
	}
	return b, nil
}

// specialPaths names what needs sudo and what needs no token. org/log is not
// among the former: Vault's sudo holds for every operation on a path, everybody
// reads the log, and only statements that the organisation signed can be
// appended, whoever brings them.
func specialPaths() *logical.Paths {
	return &logical.Paths{
		Root:            []string{"config"},
		Unauthenticated: []string{"device/*", "enroll/+/answer", "enroll/+/status", "app", "app/*"},
		SealWrapStorage: []string{identityKey},
	}
}

func (b *broker) paths() []*framework.Path {
	return framework.PathAppend(
		[]*framework.Path{b.pathConfig(), b.pathMount(), b.pathOrgLog()},
		b.pathApprovers(), b.pathGroups(), b.pathPolicies(), b.pathConsumers(),
		b.pathEnroll(),
		[]*framework.Path{b.pathSecret(), b.pathUndelete(), b.pathDestroy(), b.pathMetadata(), b.pathSealed()},
		[]*framework.Path{b.pathRelease()},
		b.pathRequests(), b.pathReceipts(), b.pathAlarms(), b.pathReports(), b.pathDevice(), b.pathHandover(), b.pathDeviceReshare(), b.pathReshares(),
		[]*framework.Path{b.pathPreview()},
		[]*framework.Path{b.pathPropose(), b.pathKit(), b.pathStatus()}, b.pathApp(),
	)
}

const help = `
Keeps secrets that no server can open: each is encrypted to the people whom the
organisation's policy names, and a read waits until enough of them approve.

Begin with config and org/log, then write to secret/ and read it again. The
paths approvers/, groups/, policies/ and consumers/ show what is in force; only
the organisation's signer changes it, by appending to org/log.
`
