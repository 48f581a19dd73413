package backend

import (
	"errors"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/prometheus/client_golang/prometheus"
)

// WritePebble writes n copies of a record with Pebble's log writer.
func WritePebble(name string, p []byte, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := newWriter(record.NewLogWriter, f, 1, record.LogWriterConfig{
		WALFsyncLatency: prometheus.NewHistogram(prometheus.HistogramOpts{}), WriteWALSyncOffsets: func() bool { return false },
	})
	for range n {
		if _, err := w.WriteRecord(p); err != nil {
			return err
		}
	}
	return w.Close()
}

// ScanPebble reads, checks and counts the records of a file with Pebble's record reader.
func ScanPebble(name string) (n int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := record.NewReader(f, 1)
	buf := make([]byte, 64<<10)
	for {
		one, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		for {
			_, err := one.Read(buf)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return n, err
			}
		}
		n++
	}
}
