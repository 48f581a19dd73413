package logicalmsg

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr/field"
)

// opMessage is the only operation. On disk: never renumber (replication/message.h).
const opMessage uint8 = 0x00

// database is where all of Redoubt's relations are.
const database = 5

const head = 24

// A Message is the content of one record. Content aliases it.
type Message struct {
	Database      uint32
	Transactional bool
	Prefix        string
	Content       []byte
}

func (m Message) encode() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, head+len(m.Prefix)+1+len(m.Content))
	b = le.AppendUint32(b, m.Database)
	transactional := byte(0)
	if m.Transactional {
		transactional = 1
	}
	b = append(b, transactional, 0, 0, 0)
	b = le.AppendUint64(b, uint64(len(m.Prefix)+1))
	b = le.AppendUint64(b, uint64(len(m.Content)))
	b = append(b, m.Prefix...)
	b = append(b, 0)
	return append(b, m.Content...)
}

// Parse reads a record's main data.
func Parse(main []byte) (Message, error) {
	r := field.Reader{B: main}
	m := Message{Database: r.U32(), Transactional: r.U8() != 0}
	r.Bytes(3)
	prefix, content := r.U64(), r.U64()
	if r.Bad || prefix == 0 || prefix > uint64(len(r.B)) || content != uint64(len(r.B))-prefix {
		return Message{}, fmt.Errorf("LogicalMessage: malformed record of %d bytes", len(main))
	}
	text := r.Bytes(int(prefix))
	if bytes.IndexByte(text, 0) != len(text)-1 {
		return Message{}, fmt.Errorf("LogicalMessage: prefix of %d bytes does not end with its NUL", len(text))
	}
	m.Prefix, m.Content = string(text[:len(text)-1]), r.Rest()
	return m, nil
}
