package buffer_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var rel = wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 125100}

func tag(block uint32) buffer.Tag { return buffer.Tag{Rel: rel, Block: block} }

func newPool(o buffer.Options) (*buffer.Pool, *storage.Store) {
	s := storage.Open(vfs.NewMem(), "/data")
	o.Store = s
	return buffer.NewPool(o), s
}

// change fills a page with a number, as redo of the record that ends at lsn would.
func change(t testing.TB, p *buffer.Pool, block uint32, n uint64, lsn wal.LSN) {
	t.Helper()
	b, err := p.GetNew(tag(block))
	if err != nil {
		t.Fatal(err)
	}
	b.Lock()
	page.Init(b.Page(), 0)
	binary.LittleEndian.PutUint64(b.Page()[page.HeaderSize:], n)
	page.SetLower(b.Page(), page.HeaderSize+8)
	page.SetLSN(b.Page(), lsn)
	b.MarkDirty()
	b.Unlock()
	b.Release()
}

func read(t testing.TB, p *buffer.Pool, block uint32) uint64 {
	t.Helper()
	b, err := p.Get(tag(block))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	b.RLock()
	defer b.RUnlock()
	return binary.LittleEndian.Uint64(b.Page()[page.HeaderSize:])
}

func TestPagesSurviveEviction(t *testing.T) {
	p, _ := newPool(buffer.Options{Pages: buffer.MinPages})
	const pages = 5 * buffer.MinPages
	for i := range uint32(pages) {
		change(t, p, i, uint64(i)+1000, 8)
	}
	for i := range uint32(pages) {
		if got := read(t, p, i); got != uint64(i)+1000 {
			t.Errorf("page %d holds %d", i, got)
		}
	}
	if s := p.Stats(); s.Evictions == 0 || s.Writes == 0 {
		t.Errorf("stats %+v: nothing was evicted", s)
	}
}

func TestNoPageBeforeItsLog(t *testing.T) {
	var asked []wal.LSN
	refuse := errors.New("the log cannot be flushed")
	var answer error
	p, s := newPool(buffer.Options{BeforeWrite: func(lsn wal.LSN) error {
		asked = append(asked, lsn)
		return answer
	}})
	change(t, p, 0, 7, 4711)
	answer = refuse
	if err := p.Flush(context.Background()); !errors.Is(err, refuse) {
		t.Errorf("got %v, want the log's error", err)
	}
	buf := make([]byte, page.Size)
	if err := s.Read(rel, wal.ForkMain, 0, buf); err != nil || !page.IsNew(buf) {
		t.Errorf("the page was written before its log (%v)", err)
	}
	answer = nil
	if err := p.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || asked[1] != 4711 {
		t.Errorf("asked for %v, want 4711 twice", asked)
	}
	if p.Dirty() != 0 {
		t.Errorf("%d pages are dirty after a flush", p.Dirty())
	}
}

func TestAPinnedPoolSaysSo(t *testing.T) {
	p, _ := newPool(buffer.Options{})
	for i := range uint32(buffer.MinPages) {
		if _, err := p.GetNew(tag(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.GetNew(tag(buffer.MinPages)); !errors.Is(err, buffer.ErrNoBuffers) {
		t.Errorf("got %v, want ErrNoBuffers", err)
	}
}

func TestAPageThatIsNotThere(t *testing.T) {
	p, _ := newPool(buffer.Options{})
	if _, err := p.Get(tag(3)); !errors.Is(err, buffer.ErrNoPage) {
		t.Errorf("got %v, want ErrNoPage", err)
	}
	change(t, p, 3, 1, 8)
	if n, err := p.Blocks(rel, wal.ForkMain); n != 4 || err != nil {
		t.Errorf("%d blocks, %v; want 4", n, err)
	}
	if got := read(t, p, 1); got != 0 {
		t.Errorf("a page between holds %d", got)
	}
}

// TestManyAtOnce counts in pages from many goroutines, with a pool too small and flushes all the time.
func TestManyAtOnce(t *testing.T) {
	p, s := newPool(buffer.Options{Pages: buffer.MinPages})
	const pages, workers, each = 2 * buffer.MinPages, 8, 2000
	for i := range uint32(pages) {
		change(t, p, i, 0, 8)
	}
	var work, flush sync.WaitGroup
	stop := make(chan struct{})
	flush.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := errors.Join(p.Flush(context.Background()), s.Sync()); err != nil {
				t.Error(err)
			}
		}
	})
	for w := range workers {
		work.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range each {
				if err := increment(p, r.Uint32N(pages)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	close(stop)
	flush.Wait()
	var sum uint64
	for i := range uint32(pages) {
		sum += read(t, p, i)
	}
	if sum != workers*each {
		t.Errorf("counted %d, want %d", sum, workers*each)
	}
}

func increment(p *buffer.Pool, block uint32) error {
	b, err := p.Get(tag(block))
	if err != nil {
		return fmt.Errorf("page %d: %w", block, err)
	}
	defer b.Release()
	b.Lock()
	defer b.Unlock()
	at := b.Page()[page.HeaderSize:]
	binary.LittleEndian.PutUint64(at, binary.LittleEndian.Uint64(at)+1)
	b.MarkDirty()
	return nil
}

func BenchmarkGet(b *testing.B) {
	p, _ := newPool(buffer.Options{Pages: 1024})
	for i := range uint32(512) {
		change(b, p, i, 1, 8)
	}
	var n uint32
	for b.Loop() {
		n++
		buf, err := p.Get(tag(n % 512))
		if err != nil {
			b.Fatal(err)
		}
		buf.RLock()
		buf.RUnlock() //lint:ignore SA2001 the cost of the latch is what is measured
		buf.Release()
	}
}

// A page that is to be made anew is not read; whoever cannot make it gets back what is on disk.
func TestAPageThatIsNotMadeAfterAllIsAsItWas(t *testing.T) {
	first, store := newPool(buffer.Options{})
	change(t, first, 3, 77, 8)
	if err := first.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := buffer.NewPool(buffer.Options{Store: store})
	b, err := p.GetNew(tag(3))
	if err != nil {
		t.Fatal(err)
	}
	b.Lock()
	page.Init(b.Page(), 0)
	clear(b.Page())
	b.PutBack()
	b.Unlock()
	b.Release()
	if got := read(t, p, 3); got != 77 {
		t.Errorf("the page holds %d, want 77", got)
	}
	change(t, p, 3, 78, 16) // made this time
	b, err = p.Get(tag(3))
	if err != nil {
		t.Fatal(err)
	}
	b.Lock()
	b.PutBack()
	b.Unlock()
	b.Release()
	if got := read(t, p, 3); got != 78 {
		t.Errorf("the page holds %d, want 78", got)
	}
}
