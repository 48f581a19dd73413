package fence

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"sync"
	"syscall"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// ErrDamaged says that the file is there but cannot be trusted.
var ErrDamaged = errors.New("the file of promises is damaged")

// Suffix is appended to the data directory's path.
const Suffix = ".promise"

// On disk: the first line names the format.
const (
	heading = "redoubt promise 1\n"
	format  = heading + "promised %010d\nowned %010d\n" // the same length for every number: see write
	narrow  = heading + "promised %d\nowned %d\n"       // of older versions
	sum     = "crc %08X\n"
)

// Promises are a node's durable promises. Methods may be called from any goroutine; what a changing
// method did is durable when it returns nil.
type Promises struct {
	fs   vfs.FS
	name string

	mu       sync.Mutex
	promised wal.TimelineID
	owned    wal.TimelineID
}

// Open reads the promises of the node whose data directory is dir; there are none at first. It makes the file if
// it is not there, so that it has its room before the disk is full.
func Open(fsys vfs.FS, dir string) (*Promises, error) {
	p := &Promises{fs: fsys, name: strings.TrimRight(dir, "/") + Suffix}
	text, err := vfs.ReadFile(fsys, p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return p, p.makeRoom()
	}
	if err != nil {
		return nil, fmt.Errorf("read promises: %w", err)
	}
	if err = p.parse(string(text)); err == nil && len(text) < len(encode(format, 0, 0)) {
		return p, p.makeRoom()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %v; this node no longer knows whom it may follow: remove its data directory together with this file, and let it be cloned anew under a new name", p.name, ErrDamaged, err)
	}
	return p, nil
}

// makeRoom writes the file anew. It can be done without if there is no room: there may be some by the time that
// something is promised.
func (p *Promises) makeRoom() error {
	err := p.write(p.promised, p.owned)
	if err == nil || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	return fmt.Errorf("make the file of promises: %w", err)
}

func (p *Promises) parse(text string) error {
	var crc uint32
	if _, err := fmt.Sscanf(text, narrow+sum, &p.promised, &p.owned, &crc); err != nil {
		return err
	}
	if text != encode(format, p.promised, p.owned) && text != encode(narrow, p.promised, p.owned) {
		return fmt.Errorf("checksum %08X does not match", crc)
	}
	return nil
}

func encode(format string, promised, owned wal.TimelineID) string {
	body := fmt.Sprintf(format, promised, owned)
	return body + fmt.Sprintf(sum, crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)))
}

// Promised is the timeline below which the node follows nobody; 0 if it has not promised.
func (p *Promises) Promised() wal.TimelineID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.promised
}

// Owned is the timeline on which the node was primary last and may resume; 0 if there is none.
func (p *Promises) Owned() wal.TimelineID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owned
}

// Raise promises to follow nobody below tli. A lower or equal one changes nothing. After an error
// the promise is not made, but may be found made after a crash.
func (p *Promises) Raise(tli wal.TimelineID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if tli <= p.promised {
		return nil
	}
	if err := p.write(tli, p.owned); err != nil {
		return fmt.Errorf("promise timeline %d: %w", tli, err)
	}
	p.promised = tli
	return nil
}

// Own notes, before the first write on tli, that this node is the primary on it.
func (p *Promises) Own(tli wal.TimelineID) error { return p.setOwned(tli) }

// Disown notes, before it follows anybody, that the node will not resume what it was.
func (p *Promises) Disown() error { return p.setOwned(0) }

func (p *Promises) setOwned(tli wal.TimelineID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if tli == p.owned {
		return nil
	}
	if err := p.write(p.promised, tli); err != nil {
		return fmt.Errorf("note ownership of timeline %d: %w", tli, err)
	}
	p.owned = tli
	return nil
}

// write replaces the file: temporary file, sync, rename, sync of the directory. A full disk does not keep the
// node from a promise, a failover may need it: then it is written in the place of the one before, which is as long.
func (p *Promises) write(promised, owned wal.TimelineID) error {
	return vfs.WriteSector(p.fs, p.name, []byte(encode(format, promised, owned)), 0o600)
}
