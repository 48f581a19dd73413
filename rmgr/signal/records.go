package signal

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr/field"
)

// opSignal is the only operation. On disk: never renumber.
const opSignal uint8 = 0x00

// signals are those that may be sent, POSIX numbers by name.
var signals = map[int]string{1: "SIGHUP", 2: "SIGINT", 9: "SIGKILL", 15: "SIGTERM"}

const maxReason = 8192

// A message is the main data of the record.
type message struct {
	signal int
	reason string // without the NUL
}

func (m message) size() int { return len(m.reason) + 1 }

func (m message) encode() []byte {
	b := make([]byte, 0, 16+m.size())
	b = binary.LittleEndian.AppendUint32(b, uint32(int32(m.signal)))
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(m.size()))
	b = append(b, m.reason...)
	return append(b, 0)
}

func parse(main []byte) (message, error) {
	r := field.Reader{B: main}
	m := message{signal: int(int32(r.U32()))}
	r.U32()
	size := r.U64()
	text := r.Rest()
	if r.Bad || size == 0 || size != uint64(len(text)) || bytes.IndexByte(text, 0) != len(text)-1 {
		return message{}, fmt.Errorf("signal_rmgr: malformed record of %d bytes", len(main))
	}
	m.reason = string(text[:len(text)-1])
	return m, nil
}
