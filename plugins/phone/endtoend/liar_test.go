package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// liar is a broker that lies: it answers a device's inbox calls with whatever
// it likes. It knows what a broker knows, the log and the sealed versions, and a
// host consumer asks through it.
type liar struct {
	t        testing.TB
	site     *site
	path     string
	consumer envelope.ID
	signer   *envelope.SigningKey
	version  *secret.Version
	mu       sync.Mutex // of what learn changes, while it serves
	roster   *roster.Roster
	log      []envelope.Signed
	mount    envelope.ID
}

// liar stores two versions of a secret under a policy of its own, which names
// a host of the liar's as a consumer.
func (s *site) liar(t testing.TB, approvers ...string) *liar {
	t.Helper()
	l := &liar{t: t, site: s, signer: envelope.NewSigningKey(envelope.NewKey())}
	host := unique("host")
	s.signer(t, "consumer", "admit", host, "--key", l.signer.Public().String())
	l.path = s.policyFor(t, approvers, "--consumer", host, "--self-approval") + "/db"
	s.store(t, l.path)
	s.store(t, l.path)
	fatal(t, l.learn())
	consumer, err := l.roster.ConsumerNamed(host)
	fatal(t, err)
	l.consumer = consumer.ID
	l.version = l.read(2)
	return l
}

func (l *liar) read(number uint64) *secret.Version {
	l.t.Helper()
	client, err := l.site.client(l.site.admin)
	fatal(l.t, err)
	sealed, err := client.ReadSealed(context.Background(), l.path, number, 0)
	fatal(l.t, err)
	l.mount = sealed.Mount
	return sealed.Version
}

// ask is an honest request by the liar's host, and the item that an honest
// broker would make of it.
func (l *liar) ask() approval.Item {
	l.t.Helper()
	verified, err := l.version.Verify(l.roster, l.mount, l.path)
	fatal(l.t, err)
	pending, request, err := approval.Ask(l.roster, verified, l.consumer, l.signer, approval.Terms{
		Origin: approval.Origin{Requester: "deploy", Host: "web-1.example", Executable: "/usr/bin/deploy", UID: 1000, PID: 4242},
		Reason: "roll out release 7",
	}, time.Now())
	fatal(l.t, err)
	pending.Wipe()
	return approval.Item{Request: request, Version: *l.version, Decisions: []envelope.Signed{}}
}

// resign changes what a request says and signs that, with whose key it is given.
func (l *liar) resign(item *approval.Item, signer envelope.Signer, change func(*approval.Request)) {
	l.t.Helper()
	q, err := envelope.Peek[approval.Request](item.Request, envelope.TypeRequest)
	fatal(l.t, err)
	change(&q)
	item.Request, err = envelope.Sign(envelope.TypeRequest, q, signer)
	fatal(l.t, err)
}

// alter changes what a request says and keeps the signature that it had.
func (l *liar) alter(item *approval.Item, change func(*approval.Request)) {
	l.t.Helper()
	signatures := item.Request.Signatures
	l.resign(item, l.signer, change)
	item.Request.Signatures = signatures
}

// serve answers inbox calls with these items, and with the log that the device
// lacks, as long as it stands between.
func (l *liar) serve(items ...approval.Item) func(http.ResponseWriter, *http.Request, http.Handler) {
	return l.answer(func(call *approval.InboxCall) approval.Inbox {
		missing := l.log[min(int(call.Roster.Seq)+1, len(l.log)):]
		return approval.Inbox{Log: missing, Items: items}
	})
}

// answer answers inbox calls, sealed to the device as its own broker would.
func (l *liar) answer(with func(*approval.InboxCall) approval.Inbox) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, onward http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/device/inbox") {
			onward.ServeHTTP(w, r)
			return
		}
		sealed, err := l.inbox(r, with)
		if err != nil {
			http.Error(w, `{"errors":["`+err.Error()+`"]}`, http.StatusBadRequest)
			return
		}
		// An honest broker waits for news; this one keeps the page from asking
		// without rest.
		select {
		case <-r.Context().Done():
		case <-time.After(200 * time.Millisecond):
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"sealed": sealed}})
	}
}

// learn takes what the log has gained, as a broker always knows it.
func (l *liar) learn() error {
	client, err := l.site.client(l.site.admin)
	if err != nil {
		return err
	}
	page, err := client.ReadLog(context.Background(), 0)
	if err != nil {
		return err
	}
	l.log = page.Statements
	l.roster, err = roster.Fold(l.log[0].Hash(), l.log)
	return err
}

func (l *liar) inbox(r *http.Request, with func(*approval.InboxCall) approval.Inbox) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	var posted struct{ Call string }
	if err := json.Unmarshal(body, &posted); err != nil {
		return "", err
	}
	signed, err := envelope.Decode[envelope.Signed]([]byte(posted.Call))
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.learn(); err != nil {
		return "", err
	}
	call, device, err := approval.ReadInboxCall(l.roster, signed, time.Now())
	if err != nil {
		return "", err
	}
	in := with(call)
	in.Log = slices.Concat([]envelope.Signed{}, in.Log)
	in.Items = slices.Concat([]approval.Item{}, in.Items)
	in.Ended = slices.Concat([]approval.Ended{}, in.Ended)
	sealed, err := approval.SealInbox(device, l.mount, signed, in)
	if err != nil {
		return "", err
	}
	text, err := envelope.Encode(sealed)
	return string(bytes.TrimSpace(text)), err
}
