package census

import (
	"encoding/json"
	"hash/crc32"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr/modules"
)

const name = "000000010000000000000007"

func example(t testing.TB) ([]byte, *tally) {
	t.Helper()
	want := newTally(0x700000)
	for range 3 {
		want.note(modules.Need{ID: 251, Format: 2, Name: "kv", Module: "kv"}, 0x700100)
		want.note(modules.Need{ID: 252, Format: 1, Name: "ledger", Module: "ledger"}, 0x700200)
	}
	b, err := encodeSidecar(name, 77, want)
	if err != nil {
		t.Fatal(err)
	}
	return b, want
}

func TestSidecarsAreReadBack(t *testing.T) {
	b, want := example(t)
	got, err := decodeSidecar(b, name, 77)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list(want.counts), list(got.counts)); diff != "" {
		t.Error(diff)
	}
	for what, err := range map[string]error{
		"of another segment": second(decodeSidecar(b, "000000020000000000000007", 77)),
		"of another cluster": second(decodeSidecar(b, name, 78)),
	} {
		if err == nil {
			t.Errorf("a file %s was believed", what)
		}
	}
}

func second(_ *tally, err error) error { return err }

func TestEveryFlippedBitOfASidecarIsNoticed(t *testing.T) {
	b, want := example(t)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			got, err := decodeSidecar(b, name, 77)
			if err == nil && !cmp.Equal(list(want.counts), list(got.counts)) {
				t.Errorf("bit %d of byte %d flipped: believed, with other counts", bit, i)
			}
			b[i] ^= 1 << bit
		}
	}
}

func FuzzDecodeSidecar(f *testing.F) {
	b, _ := example(f)
	f.Add(b)
	var file sidecar
	if err := json.Unmarshal(b, &file); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(file.Census))
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeSidecar(b, name, 77)
		sealed, err := json.Marshal(sidecar{Census: b, CRC: crc32.Checksum(b, castagnoli)})
		if err != nil {
			return // no JSON
		}
		decodeSidecar(sealed, name, 77)
	})
}
