package backend

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	pebbleFiles    = 4        // recycled in turn
	pebbleFileSize = 64 << 20 // a memtable's worth of log: then Pebble goes on in another file
)

// pebble is Pebble's log writer as Pebble uses it: under the commit pipeline's mutex, over files that
// were written before, the queue of syncs bounded by a semaphore.
type pebble struct {
	dir     string
	durable bool

	mu        sync.Mutex
	w         *record.LogWriter
	n         int
	semaphore chan struct{}
	waits     sync.Pool
}

func openPebble(o Options) (Log, error) {
	p := &pebble{dir: o.Dir, durable: o.Durable, semaphore: make(chan struct{}, record.SyncConcurrency)}
	zeros := make([]byte, 1<<20)
	for i := range pebbleFiles {
		f, err := vfs.Default.Create(p.path(i), vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, err
		}
		for range pebbleFileSize / len(zeros) {
			if _, err := f.Write(zeros); err != nil {
				return nil, err
			}
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return p, p.next()
}

func (p *pebble) path(n int) string {
	return filepath.Join(p.dir, fmt.Sprintf("%06d.log", n%pebbleFiles))
}

// next goes on in the next file.
func (p *pebble) next() error {
	if p.w != nil {
		if err := p.w.Close(); err != nil {
			return err
		}
	}
	f, err := vfs.Default.ReuseForWrite(p.path(p.n), p.path(p.n), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	p.n++
	f = vfs.NewSyncingFile(f, vfs.SyncingFileOptions{PreallocateSize: pebbleFileSize})
	p.w = newWriter(record.NewLogWriter, f, p.n, record.LogWriterConfig{
		QueueSemChan: p.semaphore, WALFsyncLatency: prometheus.NewHistogram(prometheus.HistogramOpts{}),
		WriteWALSyncOffsets: func() bool { return false },
	})
	return nil
}

// newWriter converts the file number to Pebble's type, which has no exported name.
func newWriter[N ~uint64](open func(io.Writer, N, record.LogWriterConfig) *record.LogWriter, w io.Writer, n int, c record.LogWriterConfig) *record.LogWriter {
	return open(w, N(n), c)
}

func (p *pebble) Appender() func([]byte) error {
	if !p.durable {
		return func(b []byte) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.write(b, nil, nil)
		}
	}
	wait, failed := &sync.WaitGroup{}, new(error)
	return func(b []byte) error {
		p.semaphore <- struct{}{}
		wait.Add(1)
		p.mu.Lock()
		err := p.write(b, wait, failed)
		p.mu.Unlock()
		if err != nil {
			return err
		}
		wait.Wait()
		return *failed
	}
}

func (p *pebble) write(b []byte, wait *sync.WaitGroup, failed *error) error {
	size, err := p.w.SyncRecord(b, wait, failed)
	if err != nil {
		return err
	}
	if size > pebbleFileSize-1<<20 {
		return p.next()
	}
	return nil
}

func (p *pebble) Close() error { return p.w.Close() }
