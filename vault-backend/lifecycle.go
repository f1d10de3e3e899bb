package backend

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
	"github.com/stillvault/stillvault/vault-backend/reshare"
)

// initialize runs when the engine is mounted, reloaded, activated, or started
// again after a crash. It makes the mount's identity and finishes removals that
// were interrupted. Whatever fails here is tried again by the calls that need
// it: an engine that refuses to start could not even say why.
func (b *broker) initialize(ctx context.Context, req *logical.InitializationRequest) error {
	if !b.writable() {
		return nil
	}
	if _, err := b.self(ctx); err != nil {
		b.Logger().Error("the mount's identity was not made; the next call tries again", "error", err)
	}
	if err := b.finishRemovals(ctx, req.Storage); err != nil {
		b.Logger().Error("removals were not finished; they are tried again every minute", "error", err)
	}
	if err := b.log.load(ctx, b); err != nil && !isUnready(err) {
		b.Logger().Error("the organisation's log was not read; the next call tries again", "error", err)
	}
	if _, err := b.routed(ctx); err != nil {
		b.Logger().Error("requests that waited were not brought back; the next call tries again", "error", err)
	}
	return nil
}

// writable says whether this node may write to storage: secondaries and
// performance standbys may not.
func (b *broker) writable() bool {
	state := b.System().ReplicationState()
	return b.System().LocalMount() ||
		!state.HasState(consts.ReplicationPerformanceSecondary|consts.ReplicationPerformanceStandby)
}

// periodic runs about once a minute on the active node.
func (b *broker) periodic(ctx context.Context, _ *logical.Request) error {
	b.refusals.forget(b.now())
	b.handovers.forget(envelope.At(b.now()))
	b.ifRouted(func(x *exchange.Exchange) { x.Tick(ctx) })
	if b.writable() {
		b.settleReshares(ctx)
	}
	if now := b.now().Unix(); now-b.tidied.Load() >= int64(time.Hour/time.Second) && b.writable() {
		b.tidied.Store(now)
		if err := b.forgetEnrolments(ctx); err != nil {
			return fmt.Errorf("remove old invitations: %w", err)
		}
		if err := b.forgetProposals(ctx); err != nil {
			return fmt.Errorf("remove old proposals: %w", err)
		}
		if err := b.forgetKits(ctx); err != nil {
			return fmt.Errorf("remove old recovery kits: %w", err)
		}
		if err := b.tidyReshares(ctx); err != nil {
			return err
		}
	}
	return nil
}

// invalidate drops what is cached of an entry that another node wrote. It
// matters only where Vault replicates (Enterprise) and is untested there.
func (b *broker) invalidate(_ context.Context, key string) {
	switch {
	case key == identityKey:
		b.identity.reset()
	case key == settingsKey:
		b.settings.reset()
		b.log.reset()
	case strings.HasPrefix(key, logPrefix):
		b.log.reset()
	case strings.HasPrefix(key, recordPrefix):
		b.index.reset()
		b.ifResharing((*reshare.Office).Reset)
	}
}

// clean runs when the engine is unmounted or its process ends.
func (b *broker) clean(context.Context) {
	b.closeRouting()
	b.identity.reset()
}

// finishRemovals takes up every removal that began and did not end.
func (b *broker) finishRemovals(ctx context.Context, storage logical.Storage) error {
	ids, err := framework.ListWAL(ctx, storage)
	if err != nil {
		return fmt.Errorf("list unfinished removals: %w", err)
	}
	for _, id := range ids {
		entry, err := framework.GetWAL(ctx, storage, id)
		if err != nil {
			return fmt.Errorf("read unfinished removal: %w", err)
		}
		if entry == nil {
			continue
		}
		if err := b.finishRemoval(ctx, &logical.Request{Storage: storage}, entry.Kind, entry.Data); err != nil {
			return err
		}
		if err := framework.DeleteWAL(ctx, storage, id); err != nil {
			return fmt.Errorf("note a finished removal: %w", err)
		}
	}
	return nil
}
