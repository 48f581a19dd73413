package pgwire_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// BenchmarkPgbench tells statements a second that the real pgbench -M prepared gets of a function
// that does next to nothing.
func BenchmarkPgbench(b *testing.B) {
	s := serve(b, nil)
	script := filepath.Join(b.TempDir(), "script.sql")
	if err := os.WriteFile(script, []byte("\\set k random(1, 1000)\nSELECT kv_get(:k::text);\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	tps := regexp.MustCompile(`tps = ([0-9.]+)`)
	for _, clients := range []string{"1", "8", "64"} {
		b.Run(clients+"_clients", func(b *testing.B) {
			for b.Loop() {
				out := run(b, "", nil, "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", "2", "-T", "5", "-f", script, s.conninfo("sslmode=disable"))
				rate, err := strconv.ParseFloat(string(tps.FindStringSubmatch(out)[1]), 64)
				if err != nil {
					b.Fatal(out)
				}
				b.ReportMetric(rate, "statements/s")
			}
		})
	}
}

// A script is a connection that plays one batch again and again and throws the answers away.
type script struct {
	net.Conn
	batch  []byte
	rounds int
	at     int
	done   chan struct{}
}

func (s *script) Read(p []byte) (int, error) {
	if s.at == len(s.batch) {
		if s.rounds--; s.rounds <= 0 {
			return 0, io.EOF
		}
		s.at = 0
	}
	n := copy(p, s.batch[s.at:])
	s.at += n
	return n, nil
}

func (s *script) Write(p []byte) (int, error) { return len(p), nil }

func (s *script) Close() error {
	close(s.done)
	return nil
}

// BenchmarkExtendedQuery is Bind, Describe, Execute and Sync without a network: the cost of the
// protocol and the SQL layer alone.
func BenchmarkExtendedQuery(b *testing.B) {
	s := serve(b, nil)
	a, peer := net.Pipe()
	defer peer.Close()
	var hello []byte
	hello = append(hello, startup("user", "app")...)
	for _, m := range []pgproto3.FrontendMessage{&pgproto3.Parse{Name: "p", Query: "SELECT kv_get($1)"}, &pgproto3.Sync{}} {
		hello, _ = m.Encode(hello)
	}
	var batch []byte
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{PreparedStatement: "p", Parameters: [][]byte{[]byte("key")}, ResultFormatCodes: []int16{0}},
		&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		batch, _ = m.Encode(batch)
	}
	c := &script{Conn: a, batch: batch, rounds: b.N, done: make(chan struct{})}
	l := newPipe()
	go s.server.Serve(l)
	b.ReportAllocs()
	b.ResetTimer()
	l.conns <- &prefixed{script: c, first: hello}
	<-c.done
}

// prefixed plays a first batch once.
type prefixed struct {
	*script
	first []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.first) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.script.Read(b)
}
