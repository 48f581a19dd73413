package replication

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// maxChunk is the most log that one message carries (MAX_SEND_SIZE). Clients rely on it.
const maxChunk = 16 * wal.PageSize

// sendSome sends one chunk if there is log to send. more: there is more to send at once. last: the
// timeline has ended and all of it is sent.
func (s *sender) sendSome(stopping bool) (more, last bool, err error) {
	history, end := s.log.Position()
	share, _, err := shareOf(history, s.timeline)
	if err != nil {
		return false, false, err
	}
	historic := share.End != 0
	if historic && s.sent >= share.End {
		s.progress(StateCatchup, false)
		return false, true, nil
	}
	limit := end
	if historic {
		limit = min(end, share.End)
	}
	s.noteLag(limit)
	if s.sent < limit {
		if err := s.sendChunk(history, limit, end); err != nil {
			return false, false, err
		}
	}
	state := StateCatchup
	switch {
	case stopping:
		state = StateStopping
	case s.sent >= limit || s.streaming():
		state = StateStreaming
	}
	s.progress(state, !historic)
	return s.sent < limit || historic && s.sent >= share.End, false, nil
}

// noteLag remembers when log up to lsn was there to be sent.
func (s *sender) noteLag(lsn wal.LSN) {
	now := s.server.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.note(lsn, now)
}

// sendChunk sends one message: up to the limit or a page boundary, out of one segment.
func (s *sender) sendChunk(history wal.History, limit, end wal.LSN) error {
	to := limit
	if limit-s.sent > maxChunk {
		to = wal.PageStart(s.sent + maxChunk)
	}
	segment := wal.SegmentNumber(s.sent, s.segSize)
	to = min(to, wal.SegmentStart(segment+1, s.segSize))
	file := fileOf(history, wal.SegmentStart(segment+1, s.segSize), end)

	if s.buf == nil {
		s.buf = make([]byte, dataHeader+maxChunk)
	}
	data := s.buf[dataHeader : dataHeader+int(to-s.sent)]
	for read := 0; read < len(data); {
		n, err := s.log.ReadAt(data[read:], s.sent+wal.LSN(read), file)
		if n == 0 {
			return s.readError(err, file)
		}
		read += n
	}
	putDataHeader(s.buf, s.sent, end, s.server.opts.Now())
	s.conn.SendCopyData(s.buf[:dataHeader], data)
	if err := s.flush(); err != nil {
		return err
	}
	s.sent = to
	return nil
}

// fileOf is the timeline in whose file the segment that ends at segmentEnd is: the newest of the
// history that has begun before that, and of which there is anything yet.
func fileOf(h wal.History, segmentEnd, end wal.LSN) wal.TimelineID {
	file := h[0].Timeline
	for _, e := range h[1:] {
		if e.Begin < segmentEnd && e.Begin < end {
			file = e.Timeline
		}
	}
	return file
}

func (s *sender) readError(err error, file wal.TimelineID) error {
	if errors.Is(err, segment.ErrRemoved) {
		name := wal.SegmentName(file, s.sent, s.segSize)
		return &rmgr.Error{Code: "58P01", Message: fmt.Sprintf("requested WAL segment %s has already been removed", name)}
	}
	return &rmgr.Error{Code: "58030", Message: fmt.Sprintf("could not read log at %s: %v", s.sent, err)}
}
