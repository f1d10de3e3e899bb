//go:build amd64 || arm64

package endtoend

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/stillvault/stillvault/core/roster"
)

// brief makes a policy whose requests last long enough to be answered, even on a
// machine that stands still for a moment, and not much longer.
func brief(p *roster.Policy) { p.RequestTTL = 15 }

// TestTheIdlePlugInHoldsNoKeys searches the memory of a plug-in built with
// runtime/secret once it is idle and has collected: no DEK, no share, no seed
// and no ephemeral private key is left. What is left of plaintexts that the
// mount itself received or delivered is measured and printed: the runtime does
// not erase what gRPC and Vault's SDK copied.
func TestTheIdlePlugInHoldsNoKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	t.Parallel() // it waits more than it works
	collections := &gcCounter{}
	e := startEmbeddedWith(t, buildConfined(t), collections.logger(), "GODEBUG=gctrace=1")
	o := found(t, e)
	delivered := canaries{}
	var last time.Time
	for i := range 10 {
		s := newScene(t, o, fmt.Sprintf("idle-%d", i), brief)
		reading := s.start()
		item := s.alice.shown(t, s.path)
		s.alice.approveItem(t, item)
		s.checkValue(<-reading)
		s.checkValue(s.read()) // within what is left of the request's time
		last = requestOf(t, item).Deadline.Time()
		delivered.add("value of "+s.path, []byte(s.value["password"].(string)))
	}
	keys := canaries{}
	o.openEverything()
	for what, secret := range o.planted {
		if !strings.HasPrefix(what, "password") {
			keys[what] = secret
		}
	}
	// Until its deadline a request may be answered again, so its key is held.
	await(t, "the last deadline", func() bool { return time.Now().After(last.Add(time.Second)) })
	before := readMemory(t, e.PluginPID())
	t.Logf("before a collection: %d places hold a DEK, share or seed; %d of %d delivered plaintexts are left",
		len(before.holds(newSearch(keys))), before.distinct(delivered), len(delivered))
	collect(t, o, collections)
	m := readMemory(t, e.PluginPID())
	private := o.asked.newScan()
	ephemeral, held, left := private.in(m.bytes, 8), m.holds(newSearch(keys)), m.distinct(delivered)
	t.Logf("after a collection: %d bytes in use; %d places hold a DEK, share or seed, %d an ephemeral private key (%d candidates tried); %d of %d delivered plaintexts are left",
		len(m.bytes), len(held), ephemeral, private.tried, left, len(delivered))
	for _, what := range held {
		t.Errorf("the idle plug-in holds: %s", what)
	}
	if ephemeral > 0 {
		t.Errorf("the idle plug-in holds %d ephemeral private keys", ephemeral)
	}
	if left > len(delivered)/2 {
		t.Errorf("the idle plug-in holds %d of %d delivered plaintexts: freed memory is not overwritten", left, len(delivered))
	}
	if len(m.holds(newSearch(canaries{"organisation": []byte(o.Roster.Organisation().String())}))) == 0 {
		t.Error("the search did not find the organisation's id, which the plug-in does hold, so it proves nothing")
	}
}

// collect makes ordinary requests until the plug-in's runtime has collected
// three times: what one collection finds unreachable, the next sweep erases.
func collect(t *testing.T, o *organisation, collections *gcCounter) {
	t.Helper()
	filler := strings.Repeat("filler ", 40_000)
	for before := collections.n.Load(); collections.n.Load() < before+3; {
		a := call(t, o.site.addr(), o.site.admin(), "POST", "secret/idle-0/db", map[string]any{"filler": filler, "cas": 99})
		if a.status != 409 {
			t.Fatalf("a write on a version that is not there got %d %s", a.status, a.text)
		}
	}
}

// memory is what a process has in its writable pages, without pages of zeroes.
type memory struct{ bytes []byte }

const page = 4096

func readMemory(t *testing.T, pid int) memory {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var m memory
	zeroes := make([]byte, page)
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil {
			t.Fatalf("maps: %q: %v", line, err)
		}
		if !strings.HasPrefix(rights, "rw") {
			continue
		}
		for at := from; at < to; at += 16 * 1024 * page {
			chunk := make([]byte, min(16*1024*page, to-at))
			if _, err := file.ReadAt(chunk, int64(at)); err != nil {
				continue // gone, or a device
			}
			for i := 0; i+page <= len(chunk); i += page {
				if p := chunk[i : i+page]; !bytes.Equal(p, zeroes) {
					m.bytes = append(m.bytes, p...)
				}
			}
		}
	}
	return m
}

// holds returns a line for every place that holds one of the secrets, in any
// encoding.
func (m memory) holds(s *search) (found []string) {
	for _, f := range s.forms {
		for range bytes.Count(m.bytes, f.bytes) {
			found = append(found, f.what)
		}
	}
	return found
}

// distinct returns how many of the secrets are held.
func (m memory) distinct(secrets canaries) (n int) {
	for what, secret := range secrets {
		if len(m.holds(newSearch(canaries{what: secret}))) > 0 {
			n++
		}
	}
	return n
}

// gcCounter counts the collections that a process tells of on standard error
// because GODEBUG asks it to.
type gcCounter struct{ n atomic.Int64 }

func (c *gcCounter) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: c})
}

// Write takes a line of the log, such as "… gc 7 @0.121s 3%: …".
func (c *gcCounter) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("gc ")) && bytes.Contains(line, []byte("%: ")) {
		c.n.Add(1)
	}
	return len(line), nil
}

// buildConfined builds the plug-in with runtime/secret.
func buildConfined(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), pluginName)
	build := exec.Command("go", "build", "-o", path, "../cmd/"+pluginName)
	build.Env = append(os.Environ(), "GOEXPERIMENT=runtimesecret")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plug-in with runtime/secret: %v\n%s", err, out)
	}
	return path
}
