package segment

import (
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A segment that is full without anybody waiting for it is made durable while the next ones are
// written. Their first pages are held back meanwhile, so that a segment which begins with its own page
// still says that the one before is durable (wal.Reader tells corruption from a torn tail by that):
//
//	7 ████████████ sync ──► durable
//	8 ·███████████          ▲ first page, sync ──► durable
//	9 ·█████                                       ▲ first page …
type finishing struct {
	disk sync.Mutex // held while the oldest is made durable

	mu      sync.Mutex // this block; held for a few instructions only
	queue   []finished
	spare   [][]byte // pages to hold others in
	running bool     // a background task works at the queue
}

// A finished segment is full and with the operating system, but for its first page perhaps.
type finished struct {
	file vfs.File
	head []byte // its first page, nil if that is written
}

// unfinishedBytes is how much finished log may wait to be made durable, in mostFinished segments at most.
const (
	unfinishedBytes = 64 << 20
	mostFinished    = 4
)

// maxFinished is 0 for larger segments: each is made durable before the next is touched.
func (l *Log) maxFinished() int {
	return min(mostFinished, unfinishedBytes/int(l.segSize))
}

// pending is how many finished segments are not durable yet.
func (f *finishing) pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.queue)
}

// hold keeps a copy of a segment's first page.
func (f *finishing) hold(page []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	var held []byte
	if n := len(f.spare); n > 0 {
		held, f.spare = f.spare[n-1], f.spare[:n-1]
	} else {
		held = make([]byte, wal.PageSize)
	}
	copy(held, page)
	return held
}

func (f *finishing) push(s finished) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, s)
}

func (f *finishing) oldest() (s finished, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return s, false
	}
	return f.queue[0], true
}

func (f *finishing) pop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if head := f.queue[0].head; head != nil {
		f.spare = append(f.spare, head)
	}
	f.queue = append(f.queue[:0], f.queue[1:]...)
}

// begin reports whether the caller is to work at the queue; end that it may stop, as nothing is left.
func (f *finishing) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.running
	f.running = true
	return !was
}

func (f *finishing) end() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = len(f.queue) > 0
	return !f.running
}

// finishLater leaves the segment that is full to the background. The caller holds wmu.
func (l *Log) finishLater() error {
	for l.finishing.pending() >= l.maxFinished() {
		if _, err := l.settleOldest(); err != nil {
			return err
		}
	}
	l.finishing.push(finished{l.out, l.head})
	l.out, l.head, l.dirty = nil, nil, false
	if l.finishing.begin() {
		l.inBackground(l.settleBehind)
	}
	return nil
}

func (l *Log) settleBehind() {
	for {
		more, err := l.settleOldest()
		if err != nil || !more && l.finishing.end() {
			return
		}
	}
}

// settle makes every finished segment durable and writes the page that was held back for their sake.
// The caller holds wmu. An error has made the log fail.
func (l *Log) settle() error {
	for {
		more, err := l.settleOldest()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if l.head == nil {
		return nil
	}
	if _, err := l.out.WriteAt(l.head, 0); err != nil {
		return l.fail(err)
	}
	l.head = nil
	return nil
}

// settleOldest makes the oldest finished segment durable; more is false if there is none.
func (l *Log) settleOldest() (more bool, err error) {
	l.finishing.disk.Lock()
	defer l.finishing.disk.Unlock()
	s, ok := l.finishing.oldest()
	if !ok {
		return false, nil
	}
	if err := l.Err(); err != nil {
		return false, err
	}
	if s.head != nil {
		if _, err := s.file.WriteAt(s.head, 0); err != nil {
			return false, l.fail(err)
		}
	}
	if err := s.file.Sync(); err != nil {
		return false, l.fail(err)
	}
	l.syncs.Add(1)
	if err := s.file.Close(); err != nil {
		return false, l.fail(err)
	}
	l.finishing.pop()
	return true, nil
}

// abandon closes what is not durable yet, when the log is closed.
func (l *Log) abandon() (err error) {
	l.finishing.disk.Lock()
	defer l.finishing.disk.Unlock()
	for {
		s, ok := l.finishing.oldest()
		if !ok {
			return err
		}
		if e := s.file.Close(); err == nil {
			err = e
		}
		l.finishing.pop()
	}
}
