package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

const logPrefix = "log/"

// logKey is where a statement is kept:
//
//	log/<seq, 16 hexadecimal digits>  the signed statement
//
// There is no entry for the head: it is the last statement, so that it can
// never disagree with the log. Statements are written in their order, so a crash
// leaves a shorter log that is whole, and the same append again completes it.
func logKey(seq uint64) string { return fmt.Sprintf("%s%016x", logPrefix, seq) }

// orgLog holds the roster that the log folds into.
type orgLog struct {
	mu     sync.RWMutex
	roster *roster.Roster // nil until it is needed
}

func (l *orgLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roster = nil
}

// load folds the stored log, unless that was done.
func (l *orgLog) load(ctx context.Context, b *broker) error {
	config, err := b.config(ctx)
	if err != nil {
		return err
	}
	if config.Organisation.IsZero() {
		return errNotPinned
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loadLocked(ctx, b, config.Organisation)
}

func (l *orgLog) loadLocked(ctx context.Context, b *broker, organisation envelope.Hash) error {
	if l.roster != nil {
		return nil
	}
	keys, err := b.storage.List(ctx, logPrefix)
	if err != nil {
		return fmt.Errorf("list the organisation's log: %w", err)
	}
	if len(keys) == 0 {
		return errLogEmpty
	}
	slices.Sort(keys)
	log := make([]envelope.Signed, len(keys))
	for seq := range keys {
		statement, err := load[envelope.Signed](ctx, b.storage, logKey(uint64(seq)))
		if err != nil {
			return fmt.Errorf("statement %d: %w", seq, err)
		}
		if statement == nil {
			return fmt.Errorf("statement %d: %w", seq, errLogDamaged)
		}
		log[seq] = *statement
	}
	r, err := roster.Fold(organisation, log)
	if err != nil {
		return fmt.Errorf("%v: %w", err, errLogDamaged)
	}
	l.roster = r
	return nil
}

// isUnready says that the organisation's log is not here yet, which is no fault.
func isUnready(err error) bool { return errors.Is(err, errNotPinned) || errors.Is(err, errLogEmpty) }

// withRoster runs use under the roster's read lock. What use takes from the
// roster must not be used after it returns.
func (b *broker) withRoster(ctx context.Context, use func(*roster.Roster) error) error {
	l := &b.log
	for {
		l.mu.RLock()
		if r := l.roster; r != nil {
			defer l.mu.RUnlock()
			return use(r)
		}
		l.mu.RUnlock()
		if err := l.load(ctx, b); err != nil {
			return err
		}
	}
}

// appendLog appends statements. All of them are checked before the first is
// stored; those that the log has already are passed over, so that the same call
// twice succeeds.
func (b *broker) appendLog(ctx context.Context, statements []envelope.Signed) error {
	config, err := b.config(ctx)
	if err != nil {
		return err
	}
	if config.Organisation.IsZero() {
		return errNotPinned
	}
	l := &b.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.loadLocked(ctx, b, config.Organisation); err != nil && !errors.Is(err, errLogEmpty) {
		return err
	}
	fresh, first, err := l.extend(config.Organisation, statements)
	if err == nil && anyLeaves(fresh) {
		_, err = framework.PutWAL(ctx, b.storage, removalWraps, removal{Versions: []uint64{}})
	}
	if err == nil {
		err = b.storeStatements(ctx, first, fresh)
	}
	if err != nil {
		// The roster in memory may be ahead of storage now: fold again.
		l.roster = nil
	}
	return err
}

// extend applies statements to the roster in memory and returns those that are
// new, and the first one's number.
func (l *orgLog) extend(organisation envelope.Hash, statements []envelope.Signed) ([]envelope.Signed, uint64, error) {
	fresh, first := statements, uint64(0)
	if l.roster == nil {
		r, err := roster.Fold(organisation, statements[:1])
		if err != nil {
			return nil, 0, err
		}
		l.roster = r
		statements = statements[1:]
	} else {
		known, err := l.known(statements)
		if err != nil {
			return nil, 0, err
		}
		fresh, first = statements[known:], l.roster.Head().Seq+1
		statements = fresh
	}
	for _, s := range statements {
		if err := l.roster.Append(s); err != nil {
			return nil, 0, err
		}
	}
	return fresh, first, nil
}

// known returns how many of the statements, from the first, the log has.
func (l *orgLog) known(statements []envelope.Signed) (int, error) {
	for i, s := range statements {
		st, err := envelope.Peek[roster.Statement](s, envelope.TypeStatement)
		if err != nil {
			return 0, fmt.Errorf("statement: %w", err)
		}
		if st.Seq > l.roster.Head().Seq {
			return i, nil
		}
		if err := l.roster.Follows(roster.Head{Seq: st.Seq, Hash: s.Hash()}); err != nil {
			return 0, err
		}
	}
	return len(statements), nil
}

func (b *broker) storeStatements(ctx context.Context, first uint64, statements []envelope.Signed) error {
	for i, s := range statements {
		if err := store(ctx, b.storage, logKey(first+uint64(i)), s); err != nil {
			return fmt.Errorf("statement %d: %w", first+uint64(i), err)
		}
	}
	return nil
}

// initAbout describes the field in which devices are given the first statement.
const initAbout = "Statement 0 of the organisation's log, for a device that has no Vault token; its hash is the organisation's id. Empty while there is none."

// withInit adds the log's first statement to an answer for a device without a
// token, which holds it against the organisation that it pinned: from there its
// inbox brings the rest.
func (b *broker) withInit(ctx context.Context, data map[string]any) (*logical.Response, error) {
	first, err := load[envelope.Signed](ctx, b.storage, logKey(0))
	if err != nil {
		return nil, fmt.Errorf("statement 0: %w", err)
	}
	data["init"] = ""
	if first != nil {
		if data["init"], err = encodedText(*first); err != nil {
			return nil, err
		}
	}
	return &logical.Response{Data: data}, nil
}

// maxLogAnswer bounds the statements of one answer, in bytes of payload.
const maxLogAnswer = 1 << 20

// readLog returns at most limit statements from a number on.
func (b *broker) readLog(ctx context.Context, from uint64, limit int) ([]envelope.Signed, error) {
	log, _, err := b.readPage(ctx, from, limit)
	return log, err
}

// readPage returns at most limit statements from a number on, and the head of
// the log that they are of: of one moment, since a head without its statements
// looks like a log that was forked.
func (b *broker) readPage(ctx context.Context, from uint64, limit int) ([]envelope.Signed, roster.Head, error) {
	var head roster.Head
	if err := b.withRoster(ctx, func(r *roster.Roster) error { head = r.Head(); return nil }); err != nil {
		return nil, head, err
	}
	var log []envelope.Signed
	size := 0
	for seq := from; seq <= head.Seq && len(log) < limit && size < maxLogAnswer; seq++ {
		s, err := load[envelope.Signed](ctx, b.storage, logKey(seq))
		if err != nil {
			return nil, head, fmt.Errorf("statement %d: %w", seq, err)
		}
		if s == nil {
			return nil, head, fmt.Errorf("statement %d: %w", seq, errLogDamaged)
		}
		size += len(s.Payload)
		log = append(log, *s)
	}
	return log, head, nil
}
