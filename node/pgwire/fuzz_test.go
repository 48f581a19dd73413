package pgwire_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/pgwire"
)

// A tape is a connection that plays bytes and records the answer.
type tape struct {
	net.Conn
	in     *bytes.Reader
	out    bytes.Buffer
	closed chan struct{}
}

func (c *tape) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *tape) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *tape) SetDeadline(time.Time) error      { return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }
func (c *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }

func (c *tape) Close() error {
	close(c.closed)
	return nil
}

// player gives a function that plays bytes to a server and returns its answer.
func player(f *testing.F) func(t *testing.T, input []byte) []byte {
	s := serve(f, func(o *pgwire.Options) {
		o.MaxMessage = 64 << 10
		o.ResultBuffer = 64 << 10
		o.Engine.ResultMemory = 1 << 20
	})
	l := newPipe()
	go s.server.Serve(l)
	var before, after runtime.MemStats
	return func(t *testing.T, input []byte) []byte {
		c := &tape{in: bytes.NewReader(input), closed: make(chan struct{})}
		runtime.ReadMemStats(&before)
		l.conns <- c
		<-c.closed
		runtime.ReadMemStats(&after)
		if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > int64(64<<20+2000*len(input)) {
			t.Errorf("%d bytes of input made the server allocate %d", len(input), grown)
		}
		return c.out.Bytes()
	}
}

// answers reads the server's messages: each must be whole and well formed.
func answers(t *testing.T, b []byte) {
	t.Helper()
	f := pgproto3.NewFrontend(bytes.NewReader(b), io.Discard)
	for rest := b; len(rest) > 0; {
		if len(rest) < 5 || int(binary.BigEndian.Uint32(rest[1:]))+1 > len(rest) {
			t.Fatalf("the answer ends within a message: %q", b)
		}
		if _, err := f.Receive(); err != nil {
			t.Fatalf("the answer cannot be read: %v in %q", err, b)
		}
		rest = rest[binary.BigEndian.Uint32(rest[1:])+1:]
	}
}

func FuzzStartup(f *testing.F) {
	for _, seed := range [][]byte{
		startup("user", "app"), startup("user", "app", "database", "d", "options", "-c search_path=x --a=b", "replication", "no"),
		startup("user", "app", "_pq_.x", "1"), {0, 0, 0, 8, 4, 210, 22, 47}, {0, 0, 0, 8, 4, 210, 22, 48},
		{0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 0}, {0, 0, 0x27, 0x10, 0, 3, 0, 0}, {0xff, 0xff, 0xff, 0xff},
	} {
		f.Add(seed)
	}
	play := player(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		out := play(t, input)
		for len(out) > 0 && out[0] == 'N' && (len(out) == 1 || out[1] != 0) {
			out = out[1:] // the answer to a request for encryption, not a notice
		}
		answers(t, out)
	})
}

func FuzzMessages(f *testing.F) {
	seed := func(list ...pgproto3.FrontendMessage) {
		var b []byte
		for _, m := range list {
			b, _ = m.Encode(b)
		}
		f.Add(b)
	}
	sync := &pgproto3.Sync{}
	seed(&pgproto3.Query{String: "SELECT kv_put('a','1'); SELECT * FROM kv_range('a','z')"})
	seed(&pgproto3.Parse{Name: "s", Query: "SELECT kv_get($1)"}, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{PreparedStatement: "s", DestinationPortal: "p", Parameters: [][]byte{[]byte("a")}, ResultFormatCodes: []int16{1}},
		&pgproto3.Describe{ObjectType: 'P', Name: "p"}, &pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Flush{}, &pgproto3.Close{ObjectType: 'P', Name: "p"}, sync)
	seed(&pgproto3.Parse{Query: "SELECT $1::int, $2::bytea, $3::timestamptz, $4::float8, $5::bool, $6::pg_lsn", ParameterOIDs: []uint32{23, 17, 1184, 701, 16, 3220}},
		&pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{0, 0, 0, 1}, {0xff}, make([]byte, 8), make([]byte, 8), {1}, make([]byte, 8)}}, &pgproto3.Execute{}, sync)
	seed(&pgproto3.FunctionCall{}, &pgproto3.CopyData{}, &pgproto3.CopyDone{}, &pgproto3.Terminate{})
	seed(&pgproto3.Query{String: "BEGIN; SET application_name = 'x'; ROLLBACK; DISCARD ALL"}, &pgproto3.Query{String: "SELECT 1/0"})
	f.Add([]byte{'Q', 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{'B', 0, 0, 0, 12, 0, 0, 0xff, 0xff, 0, 0, 0, 0})
	play := player(f)
	hello := startup("user", "app", "options", "-c statement_timeout=200")
	f.Fuzz(func(t *testing.T, input []byte) {
		if bytes.Contains(bytes.ToLower(input), []byte("wait")) {
			return // it does what it says
		}
		answers(t, play(t, append(bytes.Clone(hello), input...)))
	})
}
