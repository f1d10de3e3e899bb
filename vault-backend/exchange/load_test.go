package exchange_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/vault-backend/exchange"
)

// load is many reads of distinct requesters that block.
type load struct {
	*scene
	results chan error
	before  runtime.MemStats
}

func newLoad(t testing.TB, n int) *load {
	s := newScene(t, 3, nil)
	s.limits.MaxPending = n
	l := &load{scene: s, results: make(chan error, n)}
	runtime.GC()
	runtime.ReadMemStats(&l.before)
	for i := range n {
		a := ask()
		a.Requester.Entity = fmt.Sprintf("9a7d2f64-0000-4000-8000-%012d", i)
		go func() {
			answer, err := s.x.Read(t.Context(), a)
			if err == nil {
				answer.Value.Wipe()
			}
			l.results <- err
		}()
	}
	s.eventually("all of them block", func() bool { return s.x.Stats().WaitingReaders == n })
	return l
}

// perRequest returns the bytes of heap and of stacks that each of n blocked
// reads takes.
func (l *load) perRequest(n int) (heap, stack uint64) {
	var now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&now)
	return (now.HeapAlloc - l.before.HeapAlloc) / uint64(n), (now.StackInuse - l.before.StackInuse) / uint64(n)
}

// approveAll has one approver answer everything, from several goroutines, and
// returns how long it took to sign and how long until every reader had ended.
func (l *load) approveAll(n, goroutines int) (took time.Duration) {
	l.T.Helper()
	p := l.people[0]
	items := p.inbox()
	if len(items) != n {
		l.T.Fatalf("%d items, want %d", len(items), n)
	}
	releases := make([]approval.Release, n)
	for i, item := range items {
		releases[i] = p.approve(p.reviewItem(item))
	}
	work := make(chan approval.Release, n)
	for _, rel := range releases {
		work <- rel
	}
	close(work)
	began := time.Now()
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for rel := range work {
				if _, err := l.x.Answer(l.T.Context(), rel); err != nil {
					l.T.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for range n {
		if err := <-l.results; err != nil {
			l.T.Fatal(err)
		}
	}
	return time.Since(began)
}

// TestBlockedReadsStayLean holds the heap that a blocked read takes to less than
// half of what it may take in the whole plug-in, 24 KiB.
func TestBlockedReadsStayLean(t *testing.T) {
	const n = 400
	l := newLoad(t, n)
	heap, stack := l.perRequest(n)
	t.Logf("%d bytes of heap, %d of stack", heap, stack)
	if heap > 10<<10 {
		t.Fatalf("a blocked read takes %d bytes of heap", heap)
	}
	l.approveAll(n, 4)
	if st := l.x.Stats(); st.Pending != 0 || st.Held != n {
		t.Fatalf("%d wait, %d held", st.Pending, st.Held)
	}
	l.clock.advance(time.Minute)
	if st := l.x.Stats(); st.Held != 0 {
		t.Fatalf("%d keys held", st.Held)
	}
	l.clock.advance(20 * time.Minute)
	if st := l.x.Stats(); st.Kept != 0 {
		t.Fatalf("%d requests kept", st.Kept)
	}
}

// BenchmarkBlockedReads blocks 10,000 reads and answers them all.
func BenchmarkBlockedReads(b *testing.B) {
	const n = 10000
	for b.Loop() {
		l := newLoad(b, n)
		heap, stack := l.perRequest(n)
		began := time.Now()
		call := l.people[1].call(envelope.ID{}, 0)
		sealed, err := l.x.Inbox(b.Context(), call)
		l.Must(err)
		page := time.Since(began)
		if in := l.people[1].open(call, sealed); len(in.Items) != 64 {
			b.Fatalf("%d items", len(in.Items))
		}
		began = time.Now()
		l.x.RosterChanged(b.Context())
		changed := time.Since(began)
		took := l.approveAll(n, runtime.GOMAXPROCS(0))
		b.ReportMetric(float64(heap), "heap-B/read")
		b.ReportMetric(float64(stack), "stack-B/read")
		b.ReportMetric(float64(page.Microseconds())/1000, "ms/page")
		b.ReportMetric(float64(changed.Microseconds())/1000, "ms/roster-change")
		b.ReportMetric(float64(n)/took.Seconds(), "released/s")
		if st := l.x.Stats(); st.Pending != 0 {
			b.Fatalf("%d still wait", st.Pending)
		}
	}
}

// BenchmarkAnswer is what one answer costs, from the device's call to the
// reader's result.
func BenchmarkAnswer(b *testing.B) {
	s := newScene(b, 3, nil)
	i := 0
	for b.Loop() {
		b.StopTimer()
		a := ask()
		a.Reason = fmt.Sprint(i) // what was approved before is not handed out again
		i++
		r := s.read(a)
		s.readers = nil
		rel := s.people[0].approve(s.people[0].review())
		b.StartTimer()
		if state, err := s.x.Answer(b.Context(), rel); err != nil || state != exchange.Approved {
			b.Fatal(err)
		}
		<-r.result
	}
}
