package wal

import (
	"math/rand/v2"
	"testing"
)

// The fast way gives the same sum as the plain one, whatever the length and place in memory.
func TestRecordSumsAreTheSameEitherWay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	buf := make([]byte, 3000)
	for i := range buf {
		buf[i] = byte(random.Uint32())
	}
	for n := RecordHeaderSize; n < 1200; n++ {
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
