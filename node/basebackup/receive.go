package basebackup

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// checksumAsked is what Fetch has its files summed with.
const checksumAsked checksum = "CRC32C"

// maxManifest bounds the manifest that a server can make us hold.
const maxManifest = 1 << 30

// copyFrom runs BASE_BACKUP and writes what comes into d. It fills in what r says of the log.
func copyFrom(ctx context.Context, c *replication.Client, o FetchOptions, d *directory, r *Result) (*manifest, error) {
	label := strings.ReplaceAll(o.Label, "'", "''")
	command := fmt.Sprintf("BASE_BACKUP (LABEL '%s', PROGRESS, CHECKPOINT 'fast', WAIT 0, WAL, MANIFEST 'yes', MANIFEST_CHECKSUMS '%s')", label, checksumAsked)
	if err := c.Send(command); err != nil {
		return nil, err
	}
	var err error
	if r.Start, r.Timeline, err = position(c); err != nil {
		return nil, err
	}
	total, err := tablespaces(c)
	if err != nil {
		return nil, err
	}
	in := &incoming{next: c.Receive, progress: func(done int64) { o.Progress(done, total) }}
	text, err := in.run(ctx, d)
	if err != nil {
		return nil, err
	}
	r.Bytes = in.done
	if r.Stop, r.Timeline, err = position(c); err != nil {
		return nil, err
	}
	if err := c.Ready(); err != nil {
		return nil, err
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, err
	}
	return m, d.put(manifestName, text)
}

// position reads a result set with an LSN and a timeline.
func position(c *replication.Client) (wal.LSN, wal.TimelineID, error) {
	rows, err := c.Rows()
	if err != nil {
		return 0, 0, err
	}
	if len(rows) != 1 || len(rows[0]) != 2 {
		return 0, 0, errors.New("the server did not say where the backup starts or ends")
	}
	lsn, errLSN := wal.ParseLSN(string(rows[0][0]))
	tli, errTLI := strconv.ParseUint(string(rows[0][1]), 10, 32)
	return lsn, wal.TimelineID(tli), errors.Join(errLSN, errTLI)
}

// tablespaces reads the list of tablespaces; there may be only the one. It returns its size in bytes.
func tablespaces(c *replication.Client) (total int64, err error) {
	rows, err := c.Rows()
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 || len(rows[0]) != 3 || rows[0][0] != nil {
		return 0, errors.New("the server has tablespaces outside of its data directory: they cannot be copied")
	}
	kilobytes, err := strconv.ParseInt(string(rows[0][2]), 10, 53)
	return kilobytes << 10, err
}

// An incoming is the CopyData stream of a backup.
type incoming struct {
	next     func() (pgproto3.BackendMessage, error)
	progress func(done int64)

	kind byte   // of the message that has been read and not been taken: 'n', 'm', 0 at the end
	rest []byte // of a 'd' message
	done int64
	told int64
}

// run takes the stream up to its CopyDone and returns the manifest.
func (in *incoming) run(ctx context.Context, d *directory) (text []byte, err error) {
	m, err := in.next()
	if err != nil {
		return nil, err
	}
	if _, ok := m.(*pgproto3.CopyOutResponse); !ok {
		return nil, fmt.Errorf("unexpected message %T before the backup", m)
	}
	if _, err := in.Read(nil); err != nil && err != io.EOF { // up to the first archive
		return nil, err
	}
	archives := 0
	for {
		switch in.kind {
		case 'n':
			archives++
			in.kind = 0
			if err := in.archive(ctx, d); err != nil {
				return nil, err
			}
		case 'm':
			in.kind = 0
			if text, err = io.ReadAll(io.LimitReader(in, maxManifest)); err != nil {
				return nil, err
			}
		default:
			if archives != 1 || text == nil {
				return nil, fmt.Errorf("the backup ended with %d archives and a manifest of %d bytes", archives, len(text))
			}
			return text, nil
		}
	}
}

// archive unpacks one archive into d.
func (in *incoming) archive(ctx context.Context, d *directory) error {
	files := tar.NewReader(in)
	for {
		header, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := d.entry(header, files); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, in) // padding
	return err
}

// Read reads the bytes of one archive or of the manifest; it ends before the next one.
func (in *incoming) Read(p []byte) (int, error) {
	for len(in.rest) == 0 {
		if in.kind != 0 {
			return 0, io.EOF
		}
		m, err := in.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		switch m := m.(type) {
		case *pgproto3.CopyData:
			if err := in.take(m.Data); err != nil {
				return 0, err
			}
		case *pgproto3.CopyDone:
			in.kind = 'e'
		case *pgproto3.NoticeResponse:
		default:
			return 0, fmt.Errorf("unexpected message %T in the backup", m)
		}
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// take looks what a message is.
func (in *incoming) take(data []byte) error {
	if len(data) == 0 {
		return errors.New("empty message in the backup")
	}
	switch kind, body := data[0], data[1:]; kind {
	case 'd':
		in.rest = body
		in.done += int64(len(body))
		if in.done-in.told >= 8<<20 {
			in.told = in.done
			in.progress(in.done)
		}
	case 'n':
		name, _, ok := bytes.Cut(body, []byte{0})
		if !ok || string(name) != "base.tar" {
			return fmt.Errorf("unexpected archive %q in the backup", name)
		}
		in.kind = kind
	case 'm':
		in.kind = kind
	case 'p':
		if len(body) != 8 {
			return errors.New("malformed progress in the backup")
		}
		in.progress(int64(binary.BigEndian.Uint64(body)))
	default:
		return fmt.Errorf("unexpected message %q in the backup", kind)
	}
	return nil
}
