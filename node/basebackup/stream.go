package basebackup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/redoubt-wal/redoubt/node/replication"
)

// chunkSize is the most that one message carries. Clients of PostgreSQL expect no more.
const chunkSize = 32 << 10

// A stream sends archives and the manifest as CopyData messages.
type stream struct {
	ctx   context.Context // nothing more is sent once it has ended
	conn  replication.Conn
	now   func() time.Time
	gzip  bool
	level int
	pace  pace

	zip      *gzip.Writer
	done     int64 // bytes of archives, before compression
	reported time.Time
	progress bool
}

func newStream(ctx context.Context, c replication.Conn, now func() time.Time, r request) *stream {
	s := &stream{ctx: ctx, conn: c, now: now, gzip: r.gzip, level: r.level, progress: r.progress, reported: now()}
	s.pace = pace{rate: r.maxRate, now: now, began: now()}
	return s
}

// archive begins an archive.
func (s *stream) archive(name string) (*tar.Writer, error) {
	if s.gzip {
		name += ".gz"
		zip, err := gzip.NewWriterLevel(dataWriter{s}, s.level)
		if err != nil {
			return nil, err
		}
		s.zip = zip
	}
	s.conn.SendCopyData([]byte("n"+name), []byte{0, 0})
	return tar.NewWriter(archiveWriter{s}), s.flush()
}

func (s *stream) endArchive() error {
	if s.zip != nil {
		if err := s.zip.Close(); err != nil {
			return err
		}
	}
	return s.report()
}

// manifest sends the manifest; it is never compressed.
func (s *stream) manifest(text []byte) error {
	s.conn.SendCopyData([]byte("m"))
	_, err := dataWriter{s}.Write(text)
	return err
}

func (s *stream) report() error {
	if !s.progress {
		return nil
	}
	s.reported = s.now()
	s.conn.SendCopyData(binary.BigEndian.AppendUint64([]byte("p"), uint64(s.done)))
	return s.flush()
}

func (s *stream) flush() error {
	if err := s.conn.Flush(); err != nil {
		return errGone{err}
	}
	return nil
}

// An archiveWriter takes what tar writes.
type archiveWriter struct{ *stream }

func (w archiveWriter) Write(p []byte) (int, error) {
	var err error
	if w.zip != nil {
		_, err = w.zip.Write(p)
	} else {
		_, err = dataWriter(w).Write(p)
	}
	if err != nil {
		return 0, err
	}
	w.done += int64(len(p))
	if w.now().Sub(w.reported) >= time.Second {
		err = w.report()
	}
	return len(p), err
}

// A dataWriter sends bytes as 'd' messages.
type dataWriter struct{ *stream }

func (w dataWriter) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if w.ctx.Err() != nil {
			return n, context.Cause(w.ctx)
		}
		part := p[n:min(len(p), n+chunkSize)]
		w.conn.SendCopyData([]byte("d"), part)
		if err := w.flush(); err != nil {
			return n, err
		}
		n += len(part)
		w.pace.sent(w.ctx, len(part))
	}
	return n, nil
}

var _ io.Writer = dataWriter{}

// A pace holds a stream to a rate.
type pace struct {
	rate  int64 // bytes a second; 0: no limit
	now   func() time.Time
	began time.Time
	bytes int64
}

// sent counts n bytes and waits until the rate allows more, or ctx ends.
func (p *pace) sent(ctx context.Context, n int) {
	if p.rate == 0 {
		return
	}
	p.bytes += int64(n)
	due := time.Duration(float64(p.bytes) / float64(p.rate) * float64(time.Second))
	if early := due - p.now().Sub(p.began); early > 10*time.Millisecond {
		select {
		case <-time.After(early):
		case <-ctx.Done():
		}
	}
}
