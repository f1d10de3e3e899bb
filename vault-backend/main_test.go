package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/testhelpers/schema"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
)

// rig is a secrets engine over storage in memory, and an organisation.
type rig struct {
	*coretest.World
	t       testing.TB
	b       *broker
	storage logical.Storage
	mount   *coretest.Consumer // the engine itself, once admitted
	alice   *approver
	call    int
}

// newRig makes an engine that knows no organisation yet.
func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{World: coretest.NewWorld(t), t: t, storage: &logical.InmemStorage{}}
	r.start()
	return r
}

// start makes a new process over the same storage.
func (r *rig) start() {
	r.t.Helper()
	b, err := newBroker(context.Background(), &logical.BackendConfig{
		StorageView: r.storage, Logger: hclog.NewNullLogger(),
		System: &logical.StaticSystemView{
			DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: time.Hour, PluginEnvironment: &logical.PluginEnvironment{VaultVersion: "1.21.0"},
		},
	}, func() time.Time { return r.Now })
	r.Must(err)
	r.Must(b.Initialize(context.Background(), &logical.InitializationRequest{Storage: r.storage}))
	r.t.Cleanup(func() { b.Cleanup(context.Background()) })
	r.b = b
}

// newOrganisation makes an engine with an organisation that admitted it, whose
// approvers alice and bob may release what lies under prod.
func newOrganisation(t testing.TB) *rig {
	t.Helper()
	r := newRig(t)
	me, err := r.b.self(context.Background())
	r.Must(err)
	r.Mount = me.id
	r.mount = &coretest.Consumer{ID: envelope.NewID(), Name: "vault", Signer: me.signer}
	r.Append(roster.KindConsumerAdmit, roster.ConsumerAdmit{
		ID: r.mount.ID, Name: "vault", Kind: roster.ConsumerMount, Signing: me.signer.Public(), Mount: me.id,
	})
	alice, bob := r.Admit("alice", "entity-alice"), r.Admit("bob")
	r.alice = &approver{Person: alice}
	r.SetPolicy(coretest.Policy("prod", "prod/*", []*coretest.Consumer{r.mount}, coretest.Need("ops", 1, alice, bob)))
	r.push()
	return r
}

// push pins the organisation and appends its whole log.
func (r *rig) push() {
	r.t.Helper()
	r.do(logical.UpdateOperation, "config", map[string]any{"organisation": r.Roster.Organisation().String()})
	r.do(logical.UpdateOperation, "org/log", map[string]any{"statements": r.logTexts()})
}

func (r *rig) logTexts() []any {
	r.t.Helper()
	var all []any
	for _, s := range r.Log {
		all = append(all, r.text(s))
	}
	return all
}

// text encodes a structure as it travels.
func (r *rig) text(v any) string {
	r.t.Helper()
	text, err := encodedText(v)
	r.Must(err)
	return text
}

// request is a call as Vault would make it.
func (r *rig) request(op logical.Operation, path string, data map[string]any) *logical.Request {
	r.call++
	return &logical.Request{
		ID: fmt.Sprintf("call-%d", r.call), Operation: op, Path: path, Data: data, Storage: r.storage,
		EntityID: "entity-reader", ClientTokenAccessor: "accessor-reader", DisplayName: "reader",
		Connection: &logical.Connection{RemoteAddr: "192.0.2.7"},
	}
}

// send makes a call as Vault does, existence check included, and holds the
// answer against what the path declares.
func (r *rig) send(req *logical.Request) (*logical.Response, error) {
	r.t.Helper()
	ctx := context.Background()
	if req.Operation == logical.UpdateOperation {
		found, exists, err := r.b.HandleExistenceCheck(ctx, req)
		r.Must(err)
		if found && !exists {
			req.Operation = logical.CreateOperation
		}
	}
	resp, err := r.b.HandleRequest(ctx, req)
	if err == nil && resp != nil {
		route := r.b.Route(req.Path)
		if route == nil {
			r.t.Fatalf("%s: no such path", req.Path)
		}
		if t, is := r.t.(*testing.T); is {
			schema.ValidateResponse(t, schema.GetResponseSchema(t, route, req.Operation), resp, true)
		}
	}
	return resp, err
}

// do makes a call that succeeds and returns its data.
func (r *rig) do(op logical.Operation, path string, data map[string]any) map[string]any {
	r.t.Helper()
	resp, err := r.send(r.request(op, path, data))
	if err != nil {
		r.t.Fatalf("%s %s: %v", op, path, err)
	}
	if resp == nil {
		return nil
	}
	return resp.Data
}

// refused makes a call that is refused with a status and the name of an error,
// and with advice behind the name.
func (r *rig) refused(op logical.Operation, path string, data map[string]any, status int, name string) {
	r.t.Helper()
	_, err := r.send(r.request(op, path, data))
	r.checkRefused(err, status, name)
}

func (r *rig) checkRefused(err error, status int, name string) {
	r.t.Helper()
	var coded logical.HTTPCodedError
	if !errors.As(err, &coded) {
		r.t.Fatalf("error %v, want %d %s", err, status, name)
	}
	if coded.Code() != status || !strings.HasPrefix(coded.Error(), name+": ") {
		r.t.Fatalf("error %d %q, want %d %s", coded.Code(), coded.Error(), status, name)
	}
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusPreconditionFailed {
		r.t.Fatalf("status %d is one that clients repeat", status)
	}
}

const (
	read   = logical.ReadOperation
	update = logical.UpdateOperation
	list   = logical.ListOperation
	erase  = logical.DeleteOperation
)
