package floor

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	headerSize = 8
	fileSize   = 256 << 20
	bufferSize = 1 << 20 // bytes gathered without a commit before they are written
	behind     = fileSize / 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Log is one file. Its methods may be called concurrently.
type Log struct {
	file *os.File

	mu        sync.Mutex
	buf       []byte // fills
	spare     []byte // was written, or is being written
	gathering *group // of the commits in buf; nil if nobody waits for them
	writing   *group // whose buffer is being written
	failed    error

	off      int64      // where the next write goes; of whoever is writing
	unsynced int        // bytes written without a commit since the last sync was asked for
	sync     chan error // the answer of the sync that is under way
}

// A group is a set of commits that one flush makes durable.
type group struct {
	done   chan struct{} // made by the first who waits
	synced bool
}

// Create makes the file, all of it zero and durable.
func Create(name string) (*Log, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	zeros := make([]byte, 1<<20)
	for off := int64(0); off < fileSize; off += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros, off); err != nil {
			return nil, err
		}
	}
	sync := make(chan error, 1)
	sync <- nil
	return &Log{file: f, sync: sync, buf: make([]byte, 0, 2*bufferSize), spare: make([]byte, 0, 2*bufferSize)}, f.Sync()
}

// Append adds a record without waiting for it; a full buffer is written by whoever fills it.
func (l *Log) Append(p []byte) error {
	sum := crc32.Checksum(p, castagnoli)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(p, sum)
	for len(l.buf) >= bufferSize && l.failed == nil {
		if l.writing != nil {
			l.await(l.writing)
			continue
		}
		l.write(l.gathering, false)
	}
	return l.failed
}

// Commit adds a record and returns when it is durable.
func (l *Log) Commit(p []byte) error {
	sum := crc32.Checksum(p, castagnoli)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(p, sum)
	g := l.gathering
	if g != nil {
		l.await(g)
		return l.failed
	}
	g = &group{}
	l.gathering = g
	for l.writing != nil {
		l.await(l.writing)
	}
	l.mu.Unlock()
	runtime.Gosched()
	l.mu.Lock()
	l.write(g, true)
	return l.failed
}

// Close writes what is left, makes it durable and releases the file.
func (l *Log) Close() error {
	l.mu.Lock()
	l.write(l.gathering, true)
	l.mu.Unlock()
	return errors.Join(l.failed, <-l.sync, l.file.Close())
}

func (l *Log) put(p []byte, sum uint32) {
	l.buf = binary.LittleEndian.AppendUint32(l.buf, uint32(len(p)))
	l.buf = binary.LittleEndian.AppendUint32(l.buf, sum)
	l.buf = append(l.buf, p...)
}

// await returns, with the mutex, when g was written.
func (l *Log) await(g *group) {
	if g.synced {
		return
	}
	if g.done == nil {
		g.done = make(chan struct{})
	}
	done := g.done
	l.mu.Unlock()
	<-done
	l.mu.Lock()
}

// write writes the buffer and, if durable, makes it durable. The caller holds the mutex, which is free
// meanwhile; nobody else is writing.
func (l *Log) write(g *group, durable bool) {
	if g == nil {
		g = &group{}
	}
	full := l.buf
	l.buf, l.spare = l.spare[:0], nil
	l.gathering, l.writing = nil, g
	l.mu.Unlock()
	err := l.writeOut(full, durable)
	l.mu.Lock()
	l.spare, l.writing, g.synced = full, nil, true
	if err != nil {
		l.failed = err
	}
	if g.done != nil {
		close(g.done)
	}
}

func (l *Log) writeOut(b []byte, durable bool) error {
	if l.off+int64(len(b)) > fileSize {
		l.off = 0
	}
	if _, err := l.file.WriteAt(b, l.off); err != nil {
		return err
	}
	l.off += int64(len(b))
	if !durable {
		return l.syncBehind(len(b))
	}
	return unix.Fdatasync(int(l.file.Fd()))
}

// syncBehind keeps what is not on the disk yet below half of the file: the bytes of a log have to get
// there, and at a memory's speed they would only be overwritten in memory.
func (l *Log) syncBehind(n int) error {
	if l.unsynced += n; l.unsynced < behind {
		return nil
	}
	l.unsynced = 0
	err := <-l.sync
	go func() { l.sync <- unix.Fdatasync(int(l.file.Fd())) }()
	return err
}
