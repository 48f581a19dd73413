package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errTruncatedRecord = errors.New("record headers run past the record's end")

// DecodeRecord checks and decodes one whole record, raw, that starts at lsn: length, manager ID,
// CRC, structure; not xl_prev. rec's slices point into raw; rec.Blocks is reused.
func DecodeRecord(raw []byte, lsn LSN, rec *Record) error {
	if len(raw) < RecordHeaderSize {
		return errTruncatedRecord
	}
	h := DecodeRecordHeader(raw)
	if int(h.Total) != len(raw) {
		return fmt.Errorf("record says %d bytes, has %d", h.Total, len(raw))
	}
	if !h.Rmgr.Valid() {
		return fmt.Errorf("invalid resource manager ID %d", h.Rmgr)
	}
	if got := recordCRC(raw); got != h.CRC {
		return fmt.Errorf("checksum is %08X, want %08X", got, h.CRC)
	}
	rec.LSN, rec.End = lsn, lsn+LSN(Align8(h.Total))
	rec.Prev, rec.Xid, rec.Rmgr, rec.Info, rec.Total = h.Prev, h.Xid, h.Rmgr, h.Info, h.Total
	return decodeBody(raw[RecordHeaderSize:], rec)
}

// decodeBody takes a record's body apart: first all headers, then what they promise.
func decodeBody(body []byte, rec *Record) error {
	rec.Origin, rec.TopXid, rec.Main, rec.Blocks = 0, 0, nil, rec.Blocks[:0]
	promised, mainLen := 0, 0
	rest := body
headers:
	for len(rest) > promised {
		switch id := rest[0]; id {
		case blockIDMainShort:
			if len(rest) < 2 {
				return errTruncatedRecord
			}
			mainLen = int(rest[1])
			rest = rest[2:]
			promised += mainLen
			break headers
		case blockIDMainLong:
			if len(rest) < 5 {
				return errTruncatedRecord
			}
			mainLen = int(binary.LittleEndian.Uint32(rest[1:]))
			rest = rest[5:]
			promised += mainLen
			break headers
		case blockIDOrigin:
			if len(rest) < 3 {
				return errTruncatedRecord
			}
			rec.Origin = binary.LittleEndian.Uint16(rest[1:])
			rest = rest[3:]
		case blockIDTopXid:
			if len(rest) < 5 {
				return errTruncatedRecord
			}
			rec.TopXid = binary.LittleEndian.Uint32(rest[1:])
			rest = rest[5:]
		default:
			n, payload, err := decodeBlockHeader(rest, rec)
			if err != nil {
				return err
			}
			rest = rest[n:]
			promised += payload
		}
	}
	if len(rest) != promised {
		return fmt.Errorf("record carries %d bytes of data, its headers promise %d", len(rest), promised)
	}
	if len(rec.Blocks) != 0 {
		rest = cutBlockData(rest, rec.Blocks)
	}
	if mainLen != 0 {
		rec.Main = rest
	}
	return nil
}

// cutBlockData gives each block its image and data from the front of payload; what is left is main
// data. decodeBlockHeader left the lengths in the slices' place.
func cutBlockData(payload []byte, blocks []BlockRef) []byte {
	for i := range blocks {
		b := &blocks[i]
		if b.Image != nil {
			n := int(b.imageLen)
			b.Image, payload = payload[:n:n], payload[n:]
		}
		if b.HasData {
			n := int(b.dataLen)
			b.Data, payload = payload[:n:n], payload[n:]
		}
	}
	return payload
}
