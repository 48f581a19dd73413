package logicalmsg

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
	prefix, err := check(main)
	if err != nil {
		return Message{}, err
	}
	return Message{
		Database: binary.LittleEndian.Uint32(main), Transactional: main[4] != 0,
		Prefix: string(main[head : head+prefix-1]), Content: main[head+prefix:],
	}, nil
}

// check says how long the prefix is, its NUL included.
func check(main []byte) (prefix int, err error) {
	if len(main) < head {
		return 0, fmt.Errorf("LogicalMessage: malformed record of %d bytes", len(main))
	}
	size, content := binary.LittleEndian.Uint64(main[8:]), binary.LittleEndian.Uint64(main[16:])
	rest := main[head:]
	if size == 0 || size > uint64(len(rest)) || content != uint64(len(rest))-size {
		return 0, fmt.Errorf("LogicalMessage: malformed record of %d bytes", len(main))
	}
	if bytes.IndexByte(rest[:size], 0) != int(size)-1 {
		return 0, fmt.Errorf("LogicalMessage: prefix of %d bytes does not end with its NUL", size)
	}
	return int(size), nil
}
