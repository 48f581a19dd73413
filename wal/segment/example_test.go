package segment_test

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A record is built outside the log's lock, inserted, made durable, and read back.
func Example() {
	disk := vfs.NewMem() // vfs.OS() in life
	log, err := segment.Open(segment.Options{FS: disk, Dir: "pg_wal", SegmentSize: 1 << 20, SystemID: 42})
	if err != nil {
		panic(err)
	}
	defer log.Close()
	if err := log.StartInsert(1<<20, 0, 1); err != nil { // a new log begins with segment 1 on timeline 1
		panic(err)
	}

	var b wal.Builder
	b.Begin(wal.RmgrExperimental, 0x10)
	b.AddMain([]byte("hello"))
	if err := b.Finish(); err != nil {
		panic(err)
	}
	start, end, err := log.Insert(&b, log.RedoPointer())
	if err != nil {
		panic(err)
	}
	if err := log.Flush(end); err != nil {
		panic(err)
	}
	fmt.Println("inserted at", start, "durable up to", log.FlushedLSN())

	src := log.NewSource(wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20})
	r.Seek(start)
	rec, err := r.Next()
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s: manager %d, %q\n", rec.LSN, rec.Rmgr, rec.Main)
	_, err = r.Next()
	fmt.Println(err)
	// Output:
	// inserted at 0/100028 durable up to 0/100048
	// 0/100028: manager 128, "hello"
	// log not written yet
}
