package replication

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// Contents of the CopyData messages of a stream, big-endian. On the wire: never change.
//
//	to the client    'w' start u64, server's end u64, time i64, log
//	                 'k' server's end u64, time i64, reply now u8
//	from the client  'r' written u64, flushed u64, applied u64, time i64, reply now u8
//	                 'h' time i64, xmin u32, epoch u32, catalog xmin u32, epoch u32
const (
	dataHeader    = 25
	keepaliveSize = 18
	replySize     = 34
	feedbackSize  = 25
)

// A keepalive tells the client how far the server is, and may ask for a reply.
type keepalive struct {
	end   wal.LSN
	time  time.Time
	reply bool
}

// A reply tells the server how far the client is, and may ask for a keepalive.
type reply struct {
	write, flush, apply wal.LSN
	time                time.Time
	reply               bool
}

// Feedback is a hot standby's: the oldest transactions whose rows it may still need.
type Feedback struct {
	Time               time.Time
	Xmin, Epoch        uint32
	Catalog, CatalogEp uint32
}

var errMessage = errors.New("invalid message in the stream")

// putDataHeader writes the 25 bytes in front of log.
func putDataHeader(b []byte, start, end wal.LSN, now time.Time) {
	b[0] = 'w'
	binary.BigEndian.PutUint64(b[1:], uint64(start))
	binary.BigEndian.PutUint64(b[9:], uint64(end))
	putTime(b[17:], now)
}

func (k keepalive) append(b []byte) []byte {
	b = append(b, 'k')
	b = binary.BigEndian.AppendUint64(b, uint64(k.end))
	b = appendTime(b, k.time)
	return append(b, flag(k.reply))
}

func (r reply) append(b []byte) []byte {
	b = append(b, 'r')
	for _, lsn := range []wal.LSN{r.write, r.flush, r.apply} {
		b = binary.BigEndian.AppendUint64(b, uint64(lsn))
	}
	b = appendTime(b, r.time)
	return append(b, flag(r.reply))
}

// parseServer reads a message of the server: log (start and data) or a keepalive.
func parseServer(b []byte) (start wal.LSN, data []byte, k keepalive, err error) {
	switch {
	case len(b) >= dataHeader && b[0] == 'w':
		k = keepalive{end: lsnAt(b[9:]), time: timeAt(b[17:])}
		return lsnAt(b[1:]), b[dataHeader:], k, nil
	case len(b) == keepaliveSize && b[0] == 'k':
		return 0, nil, keepalive{end: lsnAt(b[1:]), time: timeAt(b[9:]), reply: b[17] != 0}, nil
	default:
		return 0, nil, keepalive{}, describe(b)
	}
}

// parseClient reads a message of the client: one of r and h is not nil.
func parseClient(b []byte) (r *reply, h *Feedback, err error) {
	switch {
	case len(b) == replySize && b[0] == 'r':
		return &reply{lsnAt(b[1:]), lsnAt(b[9:]), lsnAt(b[17:]), timeAt(b[25:]), b[33] != 0}, nil, nil
	case len(b) == feedbackSize && b[0] == 'h':
		be := binary.BigEndian
		return nil, &Feedback{timeAt(b[1:]), be.Uint32(b[9:]), be.Uint32(b[13:]), be.Uint32(b[17:]), be.Uint32(b[21:])}, nil
	default:
		return nil, nil, describe(b)
	}
}

func describe(b []byte) error {
	if len(b) == 0 {
		return fmt.Errorf("%w: it is empty", errMessage)
	}
	return fmt.Errorf("%w: type %q with %d bytes", errMessage, b[0], len(b))
}

// epoch is PostgreSQL's: 2000-01-01 00:00:00 UTC, in microseconds since Unix's.
const epoch = 946684800_000_000

func putTime(b []byte, t time.Time) { binary.BigEndian.PutUint64(b, uint64(t.UnixMicro()-epoch)) }
func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixMicro()-epoch))
}
func timeAt(b []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b)) + epoch).UTC()
}
func lsnAt(b []byte) wal.LSN { return wal.LSN(binary.BigEndian.Uint64(b)) }

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
