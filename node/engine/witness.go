package engine

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// witnessName is a file that says how far the log has been durable at least: every record that starts
// before its position was. So damage there is told from a torn tail, which it may look like in the
// last segment. It is written after the fact, a hundred times a second at most, and
// not synced: if it is lost, only the testimony is.
//
//	sector 0, sector 1 (512 bytes apart, written in turn):
//	0 magic u32 | 4 zero u32 | 8 system identifier u64 | 16 position u64 | 24 CRC-32C of all before
const witnessName = walDir + "/redoubt.durable"

// On disk: never change.
const (
	witnessMagic  = 0x4E545752
	witnessSector = 512
	witnessUsed   = 28
)

// A witness writes the file. It is for one goroutine.
type witness struct {
	file   vfs.File
	system uint64
	said   wal.LSN
	turn   int64
}

func openWitness(fsys vfs.FS, name string, system uint64) (*witness, error) {
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &witness{file: f, system: system}, nil
}

// say notes that every record that starts before lsn is durable.
func (w *witness) say(lsn wal.LSN) error {
	if lsn <= w.said {
		return nil
	}
	w.said, w.turn = lsn, 1-w.turn
	b := make([]byte, 0, witnessUsed)
	b = binary.LittleEndian.AppendUint64(b, witnessMagic)
	b = binary.LittleEndian.AppendUint64(b, w.system)
	b = binary.LittleEndian.AppendUint64(b, uint64(lsn))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err := w.file.WriteAt(b, w.turn*witnessSector)
	return err
}

// readWitness is what the file says, 0 if there is no file or nothing in it can be trusted.
func readWitness(fsys vfs.FS, name string, system uint64) (wal.LSN, error) {
	b, err := vfs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	var lsn wal.LSN
	for at := 0; at+witnessUsed <= len(b); at += witnessSector {
		s := b[at : at+witnessUsed]
		le := binary.LittleEndian
		if le.Uint64(s) == witnessMagic && le.Uint64(s[8:]) == system && le.Uint32(s[24:]) == crc32.Checksum(s[:24], castagnoli) {
			lsn = max(lsn, wal.LSN(le.Uint64(s[16:])))
		}
	}
	return lsn, err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// testify tells the witness what is durable now. Records before the last one end where it starts or
// earlier, so they are if that is; in recovery only what is durable is read.
func (e *Engine) testify(w *witness) {
	last := e.log.LastRecord()
	if e.InRecovery() {
		_, last = e.replay.lastRecord()
	}
	if last > e.log.FlushedLSN() {
		return
	}
	if err := w.say(last); err != nil {
		e.o.Log.Debug("the witness of durable log could not be written", "reason", err)
	}
}
