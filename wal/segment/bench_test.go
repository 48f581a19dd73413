package segment_test

import (
	"os"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func benchLog(b *testing.B) *segment.Log {
	b.Helper()
	l, err := segment.Open(segment.Options{FS: vfs.OS(), Dir: b.TempDir() + "/pg_wal", SystemID: system, Go: func(f func()) { go f() }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	if err := l.StartInsert(wal.DefaultSegmentSize, 0, 1); err != nil {
		b.Fatal(err)
	}
	return l
}

func BenchmarkInsert(b *testing.B) {
	for _, size := range []int{100, 1024, 8192} {
		b.Run(byteCount(size), func(b *testing.B) {
			l := benchLog(b)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			var rec wal.Builder
			payload := make([]byte, size)
			for b.Loop() {
				rec.Begin(wal.RmgrExperimental, 0)
				rec.AddMain(payload)
				rec.Finish()
				_, end, err := l.Insert(&rec, 0)
				if err != nil {
					b.Fatal(err)
				}
				if end%(256<<20) < 8300 { // a checkpoint gives old segments back
					l.SetRedoPointer(end)
					l.Recycle(end-32<<20, nil)
				}
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	for _, size := range []int{100, 1024} {
		b.Run(byteCount(size), func(b *testing.B) {
			l := benchLog(b)
			var rec wal.Builder
			payload := make([]byte, size)
			var end wal.LSN
			for i := 0; end < 128<<20; i++ {
				rec.Begin(wal.RmgrExperimental, 0)
				rec.AddMain(payload)
				rec.Finish()
				_, end, _ = l.Insert(&rec, 0)
			}
			if err := l.Flush(end); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			src := l.NewSource(wal.NewHistory(1))
			defer src.Close()
			r := wal.NewReader(src, wal.ReaderOptions{SystemID: system})
			r.Seek(wal.DefaultSegmentSize)
			n := 0
			for b.Loop() {
				if _, err := r.Next(); err == wal.ErrNotYet {
					r.Seek(wal.DefaultSegmentSize)
				} else if err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.SetBytes(int64(size))
		})
	}
}

func byteCount(n int) string {
	if n < 1024 {
		return "100B"
	}
	return string(rune('0'+n/1024)) + "KiB"
}

// BenchmarkBareSync is the limit of one committer: a write and an fdatasync into a zero-filled file.
func BenchmarkBareSync(b *testing.B) {
	dir := b.TempDir()
	f, err := vfs.OS().OpenFile(dir+"/f", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	f.WriteAt(make([]byte, 16<<20), 0)
	f.Sync()
	rec := make([]byte, 128)
	for i := 0; b.Loop(); i++ {
		f.WriteAt(rec, int64(i*128)%(16<<20))
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}
