package basebackup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Server answers BASE_BACKUP.
type Server struct {
	Engine *engine.Engine
	Now    func() time.Time
}

// errGone says that the client's connection failed: there is nobody to tell.
type errGone struct{ error }

func (e errGone) Unwrap() error { return e.error }

// Serve answers one BASE_BACKUP command, up to and without its CommandComplete. It is what
// replication.Options.BaseBackup calls. An *rmgr.Error is for the client.
func (s *Server) Serve(ctx context.Context, c replication.Conn, cmd *replication.BaseBackup) error {
	r, err := parse(cmd.Options)
	if err != nil {
		return err
	}
	release := s.hurry(ctx, c)
	err = s.serve(ctx, c, r)
	release()
	var known *rmgr.Error
	var gone errGone
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &gone), ctx.Err() != nil:
		return err
	default:
		return &rmgr.Error{Code: "58030", Message: "could not make the base backup: " + err.Error()}
	}
}

// hurry gives what is being written when ctx ends a second more: so a client that reads can be told why, and one
// that does not holds up nobody. release undoes it.
func (s *Server) hurry(ctx context.Context, c replication.Conn) (release func()) {
	hurried := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hurried)
		c.SetWriteDeadline(s.Now().Add(time.Second))
	})
	return func() {
		if !stop() {
			<-hurried
			c.SetWriteDeadline(time.Time{})
		}
	}
}

// A sending is one base backup on its way.
type sending struct {
	*Server
	request
	conn     replication.Conn
	out      *stream
	tar      *tar.Writer
	manifest manifest
	buf      []byte
}

func (s *Server) serve(ctx context.Context, c replication.Conn, r request) (err error) {
	var total any
	if r.progress {
		if total, err = s.size(ctx); err != nil {
			return err
		}
	}
	backup, err := s.Engine.BeginBackup(ctx, r.label, r.fast)
	if err != nil {
		return err
	}
	ended := false
	defer func() {
		if !ended {
			_, endErr := backup.End(context.WithoutCancel(ctx))
			err = errors.Join(err, endErr)
		}
	}()
	sendPosition(c, backup.Start, backup.Timeline)
	replication.SendRows(c, []replication.Column{replication.OID("spcoid"), replication.Text("spclocation"), replication.Int8("size")},
		[]any{nil, nil, total})
	replication.Complete(c, "SELECT")
	c.Send(&pgproto3.CopyOutResponse{})

	b := &sending{Server: s, request: r, conn: c, buf: make([]byte, chunkSize)}
	b.out = newStream(ctx, c, s.Now, r)
	if b.tar, err = b.out.archive("base.tar"); err != nil {
		return err
	}
	if err := b.file("backup_label", backup.Label); err != nil {
		return err
	}
	if err := s.Engine.DataFiles(ctx, b.dataFile); err != nil {
		return err
	}
	ended = true
	result, err := backup.End(ctx)
	if err != nil {
		return err
	}
	if err := b.histories(); err != nil {
		return err
	}
	if r.wal {
		if err := b.log(ctx, result); err != nil {
			return err
		}
	}
	if err := b.tar.Close(); err != nil {
		return err
	}
	if err := b.out.endArchive(); err != nil {
		return err
	}
	if r.manifest {
		b.manifest.Ranges = rangesOf(s.Engine.History(), result.Start, result.Stop)
		text, err := b.manifest.encode()
		if err != nil {
			return err
		}
		if err := b.out.manifest(text); err != nil {
			return err
		}
	}
	c.Send(&pgproto3.CopyDone{})
	sendPosition(c, result.Stop, result.Timeline)
	return nil
}

// size is about how many kilobytes of files there are.
func (s *Server) size(ctx context.Context) (int64, error) {
	var total int64
	err := s.Engine.DataFiles(ctx, func(_ string, size int64, _ func() (io.ReadCloser, error)) error {
		total += size
		return nil
	})
	return total >> 10, err
}

func sendPosition(c replication.Conn, lsn wal.LSN, tli wal.TimelineID) {
	replication.SendRows(c, []replication.Column{replication.Text("recptr"), replication.Int8("tli")}, []any{lsn, tli})
	replication.Complete(c, "SELECT")
}

// file adds a file that is made here.
func (b *sending) file(name string, contents []byte) error {
	return b.copyFile(name, int64(len(contents)), strings.NewReader(string(contents)), true)
}

func (b *sending) dataFile(name string, size int64, open func() (io.ReadCloser, error)) error {
	if open == nil {
		return b.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o700, ModTime: b.Now(), Format: tar.FormatUSTAR})
	}
	f, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was removed meanwhile; the log says so
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return b.copyFile(name, size, f, true)
}

// copyFile adds exactly size bytes of a file: one that has grown is cut, one that has shrunk is filled
// with zeros. The log mends both.
func (b *sending) copyFile(name string, size int64, from io.Reader, listed bool) error {
	now := b.Now()
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: now, Format: tar.FormatUSTAR}
	if err := b.tar.WriteHeader(header); err != nil {
		return err
	}
	h, err := b.checksum.new()
	if err != nil {
		return err
	}
	to := io.Writer(b.tar)
	if listed && b.request.manifest && h != nil {
		to = io.MultiWriter(b.tar, h)
	}
	n, err := io.CopyBuffer(to, io.LimitReader(onlyReader{from}, size), b.buf)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(to, io.LimitReader(zeros{}, size-n), b.buf); err != nil {
		return err
	}
	if listed {
		b.manifest.add(name, size, now, b.checksum, sum(h), b.hex)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// onlyReader hides everything but Read, so that copies go through the buffer and no other way.
type onlyReader struct{ io.Reader }

// log adds the segments that the backup needs.
func (b *sending) log(ctx context.Context, r engine.BackupResult) error {
	history, size := b.Engine.History(), uint64(b.Engine.SegmentSize())
	for n := wal.SegmentNumber(r.Start, size); n <= wal.SegmentNumberOfEnd(r.Stop, size); n++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		start, end := wal.SegmentStart(n, size), wal.SegmentStart(n+1, size)
		tli := history.TLIAt(min(end, r.Stop) - 1)
		name := "pg_wal/" + wal.SegmentName(tli, start, size)
		if err := b.copyFile(name, int64(size), &segmentReader{b.Engine, start, end, tli}, false); err != nil {
			return fmt.Errorf("segment %s: %w", name, err)
		}
	}
	return nil
}

// histories adds the history files, without which nobody can begin on a later timeline than the first.
func (b *sending) histories() error {
	for _, e := range b.Engine.History()[1:] {
		contents, err := b.Engine.Log().ReadHistory(e.Timeline)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := b.copyFile("pg_wal/"+wal.HistoryName(e.Timeline), int64(len(contents)), strings.NewReader(string(contents)), false); err != nil {
			return err
		}
	}
	return nil
}

// A segmentReader reads a segment up to where the log ends.
type segmentReader struct {
	engine  *engine.Engine
	at, end wal.LSN
	tli     wal.TimelineID
}

func (r *segmentReader) Read(p []byte) (int, error) {
	if r.at >= r.end {
		return 0, io.EOF
	}
	n, err := r.engine.Log().ReadAt(p[:min(len(p), int(r.end-r.at))], r.at, r.tli)
	if errors.Is(err, wal.ErrNotYet) {
		return 0, io.EOF
	}
	r.at += wal.LSN(n)
	if n > 0 {
		return n, nil
	}
	return 0, err
}
