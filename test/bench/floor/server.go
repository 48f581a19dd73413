package floor

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Serve answers pgbench -M prepared as a server would whose statements all return one text: it looks
// at nothing but where messages end, and writes what a client sends for a statement to the log before it
// sends the same bytes as always. It returns when the listener is closed.
func Serve(listener net.Listener, log *Log) error {
	answers, err := fixedAnswers()
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			answers.serve(conn, log)
		}()
	}
}

// answers are bytes that are sent, made once.
type answers struct{ welcome, prepared, committed []byte }

func fixedAnswers() (a answers, err error) {
	ready := &pgproto3.ReadyForQuery{TxStatus: 'I'}
	column := pgproto3.FieldDescription{Name: []byte("pg_logical_emit_message"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1}
	for _, e := range []struct {
		to       *[]byte
		messages []pgproto3.BackendMessage
	}{
		{&a.welcome, []pgproto3.BackendMessage{&pgproto3.AuthenticationOk{}, &pgproto3.ParameterStatus{Name: "server_version", Value: "15.0"},
			&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"}, &pgproto3.BackendKeyData{SecretKey: make([]byte, 4)}, ready}},
		{&a.prepared, []pgproto3.BackendMessage{&pgproto3.ParseComplete{}, ready}},
		{&a.committed, []pgproto3.BackendMessage{&pgproto3.BindComplete{}, &pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{column}},
			&pgproto3.DataRow{Values: [][]byte{[]byte("0/1234567")}}, &pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, ready}},
	} {
		for _, m := range e.messages {
			b, err := m.Encode(*e.to)
			if err != nil {
				return a, err
			}
			*e.to = b
		}
	}
	return a, nil
}

// serve is one connection: a read, a commit and a write a statement.
func (a answers) serve(conn net.Conn, log *Log) error {
	in := input{conn: conn}
	if _, err := in.next(4); err != nil { // the startup message
		return err
	}
	if _, err := conn.Write(a.welcome); err != nil {
		return err
	}
	record := make([]byte, payload)
	bound := false // a statement is to be run, not only prepared
	for {
		kind, err := in.message()
		switch {
		case err != nil || kind == 'X':
			return err
		case kind == 'B':
			bound = true
		case kind == 'S':
			answer := a.prepared
			if bound {
				if err := log.Commit(record); err != nil {
					return err
				}
				answer, bound = a.committed, false
			}
			if _, err := conn.Write(answer); err != nil {
				return err
			}
		}
	}
}

// payload of a commit, in bytes: what a logical message of 100 B and its commit are in PostgreSQL's log.
const payload = 200

// input splits what comes into messages.
type input struct {
	conn       net.Conn
	buf        [16 << 10]byte
	start, end int
}

// message skips one message and returns its first byte.
func (in *input) message() (byte, error) {
	m, err := in.next(5)
	if err != nil {
		return 0, err
	}
	return m[0], nil
}

// next returns a message of which the first head bytes end with its length, less what stands before that.
func (in *input) next(head int) ([]byte, error) {
	for {
		b := in.buf[in.start:in.end]
		if len(b) >= head {
			n := head - 4 + (int(b[head-4])<<24 | int(b[head-3])<<16 | int(b[head-2])<<8 | int(b[head-1]))
			if n < head || n > len(in.buf) {
				return nil, fmt.Errorf("a message of %d bytes: want %d to %d", n, head, len(in.buf))
			}
			if len(b) >= n {
				in.start += n
				return b[:n], nil
			}
		}
		if err := in.fill(); err != nil {
			return nil, err
		}
	}
}

func (in *input) fill() error {
	if in.start > 0 {
		copy(in.buf[:], in.buf[in.start:in.end])
		in.start, in.end = 0, in.end-in.start
	}
	n, err := in.conn.Read(in.buf[in.end:])
	in.end += n
	if errors.Is(err, io.EOF) && in.end > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
