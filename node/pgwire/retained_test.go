package pgwire_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// heap is how much memory is in use.
func heap() int64 {
	for range 3 { // pools give back what they hold at the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A client that has sent a large message keeps none of the node's memory from its next statement on: there may be many.
func TestASessionKeepsNothingOfALargeMessage(t *testing.T) {
	const large = 32 << 20
	message := []byte(strings.Repeat("v", large))
	text := "SELECT length('" + string(message) + "')"
	for how, send := range map[string]func(f *pgproto3.Frontend){
		"a query": func(f *pgproto3.Frontend) { f.Send(&pgproto3.Query{String: text}) },
		"a parameter": func(f *pgproto3.Frontend) {
			f.SendParse(&pgproto3.Parse{Query: "SELECT length($1)"})
			f.SendBind(&pgproto3.Bind{Parameters: [][]byte{message}})
			f.SendExecute(&pgproto3.Execute{})
			f.SendSync(&pgproto3.Sync{})
		},
		"a statement that is replaced": func(f *pgproto3.Frontend) {
			f.SendParse(&pgproto3.Parse{Query: text})
			f.SendParse(&pgproto3.Parse{Query: "SELECT 1"})
			f.SendSync(&pgproto3.Sync{})
		},
		"a statement that is refused": func(f *pgproto3.Frontend) {
			f.SendParse(&pgproto3.Parse{Query: text + "("})
			f.SendSync(&pgproto3.Sync{})
		},
	} {
		t.Run(how, func(t *testing.T) {
			s := serve(t, nil)
			f := connect(t, s, "").PgConn().Frontend()
			f.Send(&pgproto3.Query{String: "SELECT length('x')"})
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			receive(t, f, 1)
			before := heap()
			send(f)
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			receive(t, f, 1)
			f.Send(&pgproto3.Query{String: "SELECT 1"})
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			receive(t, f, 1)
			if kept := heap() - before; kept > large/4 {
				t.Errorf("%d bytes are kept", kept)
			}
		})
	}
}
