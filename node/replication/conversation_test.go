package replication_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jackc/pgx/v5/pgproto3"

	. "github.com/redoubt-wal/redoubt/node/replication"
)

// What clients may send between commands and amid a stream, and what they hear: as from PostgreSQL 15,
// but for the words. A client that would wait for ever ends the bubble.
func TestConversations(t *testing.T) {
	const start = "START_REPLICATION 0/100000 TIMELINE 1"
	query := func(text string) pgproto3.FrontendMessage { return &pgproto3.Query{String: text} }
	for sentence, row := range map[string]struct {
		send []pgproto3.FrontendMessage
		want string // the last message that the test waits for is its last word
	}{
		"a flush between commands":   {[]pgproto3.FrontendMessage{&pgproto3.Flush{}, query("SHOW data_directory_mode")}, "RowDescription DataRow CommandComplete ReadyForQuery"},
		"a sync alone":               {[]pgproto3.FrontendMessage{&pgproto3.Sync{}}, "ReadyForQuery"},
		"a call by OID":              {[]pgproto3.FrontendMessage{&pgproto3.FunctionCall{}}, "ErrorResponse(ERROR,08P01) ReadyForQuery"},
		"a parse that is flushed":    {[]pgproto3.FrontendMessage{&pgproto3.Parse{}, &pgproto3.Flush{}}, "ErrorResponse(ERROR,08P01)"},
		"a parse and a sync":         {[]pgproto3.FrontendMessage{&pgproto3.Parse{}, &pgproto3.Sync{}}, "ErrorResponse(ERROR,08P01) ReadyForQuery"},
		"remains of a stream":        {[]pgproto3.FrontendMessage{&pgproto3.CopyData{Data: []byte("r")}, &pgproto3.CopyDone{}, query("SHOW data_directory_mode")}, "RowDescription DataRow CommandComplete ReadyForQuery"},
		"a query amid a stream":      {[]pgproto3.FrontendMessage{query(start), query("IDENTIFY_SYSTEM")}, "CopyBothResponse ErrorResponse(FATAL,08P01)"},
		"a parse amid a stream":      {[]pgproto3.FrontendMessage{query(start), &pgproto3.Parse{}}, "CopyBothResponse ErrorResponse(FATAL,08P01)"},
		"a stream that is done with": {[]pgproto3.FrontendMessage{query(start), &pgproto3.CopyDone{}}, "CopyBothResponse CopyDone CommandComplete CommandComplete ReadyForQuery"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newMachine(t, "a", false)
				var raw net.Conn
				c, err := Connect(t.Context(), Upstream{Dial: func(ctx context.Context, addr string) (_ net.Conn, err error) {
					raw, err = a.dial(ctx, addr)
					return raw, err
				}})
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					for _, m := range row.send {
						b, _ := m.Encode(nil)
						raw.Write(b)
						synctest.Wait()
					}
				}()
				f := pgproto3.NewFrontend(raw, raw)
				var heard []string
				for range strings.Fields(row.want) {
					m, err := f.Receive()
					if err != nil {
						heard = append(heard, err.Error())
						break
					}
					word := strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
					if e, ok := m.(*pgproto3.ErrorResponse); ok {
						word += fmt.Sprintf("(%s,%s)", e.Severity, e.Code)
					}
					heard = append(heard, word)
				}
				if got := strings.Join(heard, " "); got != row.want {
					t.Errorf("heard %s, want %s", got, row.want)
				}
				c.Close()
				a.conns.Wait()
			})
		})
	}
}
