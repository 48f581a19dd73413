package replslot

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
)

func FuzzSlotFile(f *testing.F) {
	f.Add(encode(Slot{Name: "a", RestartLSN: 1}))
	f.Add(encode(Slot{Name: "l", Logical: true, Plugin: "p", ConfirmedFlush: 7}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == fileSize { // a right checksum, or nothing behind it is ever reached
			binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
		}
		s, err := decode(b)
		if err != nil {
			return
		}
		if again, err := decode(encode(s)); err != nil || again != s {
			t.Errorf("%+v is written and read as %+v, %v", s, again, err)
		}
	})
}
