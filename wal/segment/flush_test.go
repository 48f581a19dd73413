package segment_test

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestCommittersShareFlushes(t *testing.T) {
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, BufferSize: 64 << 10, Go: func(f func()) { go f() }})
	const committers, each = 32, 100
	var wg sync.WaitGroup
	for c := range committers {
		wg.Go(func() {
			var b wal.Builder
			for i := range each {
				_, end, err := l.Insert(message(&b, c*each+i, 300), 0)
				if err == nil {
					err = l.Flush(end)
				}
				if err != nil || l.FlushedLSN() < end {
					t.Errorf("record %d: flushed %s of %s, %v", i, l.FlushedLSN(), end, err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, _ := read(t, mem.PowerCut(0), mib, 1)
	seen := map[string]bool{}
	for _, p := range got {
		seen[p] = true
	}
	if len(got) != committers*each || len(seen) != len(got) {
		t.Errorf("after a power cut %d records (%d different) of %d are there", len(got), len(seen), committers*each)
	}
}

func TestChangedIsClosedByAFlush(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem()})
	var b wal.Builder
	changed := l.Changed()
	_, end, _ := l.Insert(message(&b, 1, 1), 0)
	select {
	case <-changed:
		t.Fatal("an insert alone changed what is durable")
	default:
	}
	l.Flush(end)
	<-changed
}

func TestALogThatIsMadeToFailKeepsWhatIsDurable(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem()})
	var b wal.Builder
	_, first, _ := l.Insert(message(&b, 1, 100), 0)
	l.Flush(first)
	_, second, _ := l.Insert(message(&b, 2, 100), 0)
	if end := l.Fail(errIO); end != first {
		t.Errorf("durable up to %s, want %s", end, first)
	}
	if err := l.Flush(first); err != nil {
		t.Errorf("what was durable before: %v", err)
	}
	if err := l.Flush(second); !errors.Is(err, segment.ErrFailed) || !errors.Is(err, errIO) || l.FlushedLSN() != first {
		t.Errorf("flush gives %v and is at %s, want ErrFailed at %s", err, l.FlushedLSN(), first)
	}
}

var errIO = errors.New("input/output error")

func TestAFailedSyncIsFinal(t *testing.T) {
	for _, op := range []string{vfs.OpSync, vfs.OpWrite} {
		t.Run(op, func(t *testing.T) {
			faulty := vfs.NewFault(vfs.NewMem())
			l := opened(t, segment.Options{FS: faulty})
			var b wal.Builder
			_, first, _ := l.Insert(message(&b, 1, 1), 0)
			if err := l.Flush(first); err != nil {
				t.Fatal(err)
			}
			faulty.Add(&vfs.Rule{Op: op, Times: 1, Err: errIO})
			changed := l.Changed()
			_, end, _ := l.Insert(message(&b, 2, 1), 0)
			for try := range 3 { // the disk works again, the log does not
				if err := l.Flush(end); !errors.Is(err, segment.ErrFailed) || !errors.Is(err, errIO) {
					t.Errorf("flush %d: %v, want ErrFailed with its cause", try, err)
				}
			}
			<-changed
			if _, _, err := l.Insert(message(&b, 3, 1), 0); !errors.Is(err, segment.ErrFailed) {
				t.Errorf("insert: %v, want ErrFailed", err)
			}
			if err := l.Flush(first); err != nil {
				t.Errorf("what was durable before is so still: %v", err)
			}
			if got := l.FlushedLSN(); got != first {
				t.Errorf("flushed %s, want %s", got, first)
			}
		})
	}
}

func TestAFullDiskRefusesInsertsUntilThereIsRoom(t *testing.T) {
	faulty := vfs.NewFault(vfs.NewMem())
	l := opened(t, segment.Options{FS: faulty, BufferSize: 64 << 10})
	full := &vfs.Rule{Op: vfs.OpWrite, Path: "xlogtemp.*", Err: syscall.ENOSPC, Short: 4096}
	faulty.Add(full)
	var b wal.Builder
	var end wal.LSN
	n := 0
	for ; ; n++ {
		_, e, err := l.Insert(message(&b, n, 10_000), 0)
		if errors.Is(err, segment.ErrNoSpace) && errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		end = e
	}
	if n < 100 || end > 3*mib {
		t.Errorf("refused after %d records at %s: all prepared room should be used", n, end)
	}
	if err := l.Flush(end); err != nil {
		t.Errorf("what was accepted can be flushed: %v", err)
	}
	faulty.Clear()
	_, end, err := l.Insert(message(&b, n, 10_000), 0)
	if err != nil {
		t.Fatalf("insert with room again: %v", err)
	}
	if err := l.Flush(end); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, faulty, mib, 1); len(got) != n+1 {
		t.Errorf("%d records, want %d", len(got), n+1)
	}
}

func BenchmarkDurableAppend(b *testing.B) {
	for _, committers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("committers=%d", committers), func(b *testing.B) {
			l := benchLog(b)
			b.SetBytes(100)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for c := range committers {
				n := b.N / committers
				if c == 0 {
					n += b.N % committers
				}
				wg.Go(func() {
					var rec wal.Builder
					payload := make([]byte, 100)
					for range n {
						rec.Begin(wal.RmgrExperimental, 0)
						rec.AddMain(payload)
						rec.Finish()
						_, end, err := l.Insert(&rec, 0)
						if err == nil {
							err = l.Flush(end)
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
