package wal

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// The fast way gives the same sum as the plain one, whatever the length and place in memory.
func TestRecordSumsAreTheSameEitherWay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	buf := make([]byte, 7010)
	for i := range buf {
		buf[i] = byte(random.Uint32())
	}
	for n := RecordHeaderSize; n < 7000; n++ {
		for at := range 9 {
			rec := buf[at : at+n]
			if got, want := recordCRC(rec), sumRecord(rec); got != want {
				t.Fatalf("%d bytes from %d: %08X, want %08X", n, at, got, want)
			}
			if got, want := updateCRC(updateCRC(0, rec[RecordHeaderSize:]), rec[:RecordHeaderSize-4]), sumRecord(rec); got != want {
				t.Fatalf("%d bytes from %d, in two parts: %08X, want %08X", n, at, got, want)
			}
		}
	}
}

func TestAHeadersSumIsThatOfItsBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		h := RecordHeader{
			Total: random.Uint32(), Xid: random.Uint32(), Prev: LSN(random.Uint64()),
			Info: uint8(random.Uint32()), Rmgr: RmgrID(random.Uint32()),
		}
		var raw [RecordHeaderSize]byte
		h.Encode(raw[:])
		le, sum := binary.LittleEndian, random.Uint32()
		first, second, third := le.Uint64(raw[0:]), le.Uint64(raw[8:]), le.Uint32(raw[16:])
		want := crc32.Update(sum, castagnoli, raw[:20])
		if got := sumHeader(sum, first, second, third); got != want {
			t.Fatalf("%x after %08X: %08X, want %08X", raw, sum, got, want)
		}
		if got := sumWords(sum, first, second, third); got != want {
			t.Fatalf("%x after %08X, without instructions: %08X, want %08X", raw, sum, got, want)
		}
	}
}
