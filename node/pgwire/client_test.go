package pgwire_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/wal"
)

// startup is a StartupMessage.
func startup(pairs ...string) []byte {
	b := []byte{0, 0, 0, 0, 0, 3, 0, 0}
	for _, p := range pairs {
		b = append(append(b, p...), 0)
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func connect(t *testing.T, s *service, extra string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.conninfo("sslmode=disable "+extra))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

// The types travel in text and in binary, as parameters and as results.
func TestTypesTravel(t *testing.T) {
	s := serve(t, nil)
	at := time.Date(2024, 2, 29, 12, 30, 15, 123456000, time.UTC)
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			conn := connect(t, s, "default_query_exec_mode="+mode)
			var (
				text  string
				i8    int64
				i4    int32
				b     bool
				lsn   string
				bytea []byte
				f     float64
				ts    time.Time
			)
			err := conn.QueryRow(t.Context(), `SELECT t, i8, i4, b, l::text, y, f, ts FROM types($1, $2::bigint, $3::int, $4::boolean, $5::text::pg_lsn, $6::bytea, $7::float8, $8::timestamptz)`,
				"grüße", int64(math.MinInt64), int32(-7), true, "16/B374D848", []byte{0, 1, '\\', 0xff}, 1.5e-7, at).
				Scan(&text, &i8, &i4, &b, &lsn, &bytea, &f, &ts)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s %d %d %v %s %x %g %s", text, i8, i4, b, lsn, bytea, f, ts.UTC().Format(time.RFC3339Nano))
			if want := "grüße -9223372036854775808 -7 true 16/B374D848 00015cff 1.5e-07 2024-02-29T12:30:15.123456Z"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if err := conn.QueryRow(t.Context(), "SELECT kv_get($1)", nil).Scan(new(*string)); err != nil {
				t.Errorf("a NULL parameter: %v", err)
			}
		})
	}
}

func TestAnLSNInBinary(t *testing.T) {
	s := serve(t, nil)
	conn := connect(t, s, "")
	r := conn.PgConn().ExecParams(t.Context(), "SELECT kv_put($1, $2)", [][]byte{[]byte("a"), []byte("b")}, nil, nil, []int16{1}).Read()
	if r.Err != nil || len(r.Rows) != 1 || wal.LSN(binary.BigEndian.Uint64(r.Rows[0][0])) != 0x1000040 || r.FieldDescriptions[0].DataTypeOID != 3220 {
		t.Errorf("the result is %+v", r)
	}
}

func TestPipelines(t *testing.T) {
	s := serve(t, nil)
	conn := connect(t, s, "")
	t.Run("many writes wait once", func(t *testing.T) {
		batch := &pgx.Batch{}
		for i := range 50 {
			batch.Queue("SELECT kv_put($1, $2)", fmt.Sprint("key", i), fmt.Sprint(i))
		}
		results := conn.SendBatch(t.Context(), batch)
		for range 50 {
			if _, err := results.Exec(); err != nil {
				t.Fatal(err)
			}
		}
		if err := results.Close(); err != nil {
			t.Fatal(err)
		}
		if got := s.committed(); !cmp.Equal(got, []string{"on"}) {
			t.Errorf("the committer was asked %d times, want once", len(got))
		}
	})
	t.Run("an error skips the rest of its batch, and nothing after it", func(t *testing.T) {
		f := conn.PgConn().Frontend()
		for _, q := range []string{"SELECT kv_put('p','1')", "SELECT 1/0", "SELECT kv_put('q','1')"} {
			f.SendParse(&pgproto3.Parse{Query: q})
			f.SendBind(&pgproto3.Bind{})
			f.SendExecute(&pgproto3.Execute{})
		}
		f.SendSync(&pgproto3.Sync{})
		f.SendParse(&pgproto3.Parse{Query: "SELECT kv_get('p'), kv_get('q')"})
		f.SendBind(&pgproto3.Bind{})
		f.SendExecute(&pgproto3.Execute{})
		f.SendSync(&pgproto3.Sync{})
		got := receive(t, f, 2)
		want := "ParseComplete BindComplete DataRow(0/1000CC0) CommandComplete(SELECT 1) ParseComplete BindComplete ErrorResponse(22012) ReadyForQuery(I) " +
			"ParseComplete BindComplete DataRow(1,NULL) CommandComplete(SELECT 1) ReadyForQuery(I)"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// receive names messages up to the nth ReadyForQuery, or the end of the connection.
func receive(t *testing.T, f *pgproto3.Frontend, n int) string {
	t.Helper()
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	var words []string
	for n > 0 {
		m, err := f.Receive()
		if err != nil {
			words = append(words, "end")
			break
		}
		word := strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
		switch m := m.(type) {
		case *pgproto3.DataRow:
			var values []string
			for _, v := range m.Values {
				if v == nil {
					values = append(values, "NULL")
				} else {
					values = append(values, string(v))
				}
			}
			word += "(" + strings.Join(values, ",") + ")"
		case *pgproto3.CommandComplete:
			word += "(" + string(m.CommandTag) + ")"
		case *pgproto3.ErrorResponse:
			word += "(" + m.Code + ")"
		case *pgproto3.NoticeResponse:
			word += "(" + m.Code + ")"
		case *pgproto3.ParameterStatus:
			word += "(" + m.Name + "=" + m.Value + ")"
		case *pgproto3.ReadyForQuery:
			word += "(" + string(m.TxStatus) + ")"
			n--
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// Each row sends messages and names what comes back up to ReadyForQuery.
func TestConversations(t *testing.T) {
	s := serve(t, nil)
	parse := func(name, query string) pgproto3.FrontendMessage {
		return &pgproto3.Parse{Name: name, Query: query}
	}
	bind := func(portal, statement string, params ...string) pgproto3.FrontendMessage {
		b := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: statement}
		for _, p := range params {
			b.Parameters = append(b.Parameters, []byte(p))
		}
		return b
	}
	execute := func(portal string, rows uint32) pgproto3.FrontendMessage {
		return &pgproto3.Execute{Portal: portal, MaxRows: rows}
	}
	query := func(q string) pgproto3.FrontendMessage { return &pgproto3.Query{String: q} }
	sync := &pgproto3.Sync{}
	for _, c := range []struct {
		name  string
		send  []pgproto3.FrontendMessage
		ready int
		want  string
	}{
		{
			"a portal hands out its rows in parts",
			[]pgproto3.FrontendMessage{parse("", "SELECT * FROM generate_series(1,5)"), bind("p", ""), execute("p", 2), execute("p", 2), execute("p", 2), execute("p", 2), sync},
			1,
			"ParseComplete BindComplete DataRow(1) DataRow(2) PortalSuspended DataRow(3) DataRow(4) PortalSuspended DataRow(5) CommandComplete(SELECT 1) CommandComplete(SELECT 0) ReadyForQuery(I)",
		},
		{
			"the portal without a name as well",
			[]pgproto3.FrontendMessage{parse("", "SELECT 1"), bind("", ""), sync, execute("", 0), sync},
			2,
			"ParseComplete BindComplete ReadyForQuery(I) ErrorResponse(34000) ReadyForQuery(I)",
		},
		{
			"portals end with the transaction",
			[]pgproto3.FrontendMessage{parse("", "SELECT 1"), bind("p", ""), sync, execute("p", 0), sync},
			2,
			"ParseComplete BindComplete ReadyForQuery(I) ErrorResponse(34000) ReadyForQuery(I)",
		},
		{
			"a portal that has run says so in its statement's words",
			[]pgproto3.FrontendMessage{parse("", "SHOW port"), bind("", ""), execute("", 0), execute("", 0), sync},
			1,
			"ParseComplete BindComplete DataRow(5432) CommandComplete(SHOW) CommandComplete(SHOW) ReadyForQuery(I)",
		},
		{
			"a batch is a transaction: now() is when it began",
			[]pgproto3.FrontendMessage{parse("", "SELECT now() < statement_timestamp()"), bind("", ""), execute("", 0), sync},
			1,
			"ParseComplete BindComplete DataRow(t) CommandComplete(SELECT 1) ReadyForQuery(I)",
		},
		{
			"rows are not described in a block that has failed",
			[]pgproto3.FrontendMessage{parse("r", "SELECT 1"), parse("e", "ROLLBACK"), sync, query("BEGIN"), query("SELECT 1/0"), &pgproto3.Describe{ObjectType: 'S', Name: "e"}, &pgproto3.Describe{ObjectType: 'S', Name: "r"}, sync, query("ROLLBACK")},
			5,
			"ParseComplete ParseComplete ReadyForQuery(I) CommandComplete(BEGIN) ReadyForQuery(T) RowDescription ErrorResponse(22012) ReadyForQuery(E) ParameterDescription NoData ErrorResponse(25P02) ReadyForQuery(E) CommandComplete(ROLLBACK) ReadyForQuery(I)",
		},
		{
			"in a block they stay",
			[]pgproto3.FrontendMessage{query("BEGIN"), parse("", "SELECT 1"), bind("p", ""), sync, execute("p", 0), sync, query("COMMIT")},
			4,
			"CommandComplete(BEGIN) ReadyForQuery(T) ParseComplete BindComplete ReadyForQuery(T) DataRow(1) CommandComplete(SELECT 1) ReadyForQuery(T) CommandComplete(COMMIT) ReadyForQuery(I)",
		},
		{
			"a statement is described before it is bound",
			[]pgproto3.FrontendMessage{parse("s", "SELECT kv_put($1, $2)"), &pgproto3.Describe{ObjectType: 'S', Name: "s"}, parse("c", "COMMIT"), &pgproto3.Describe{ObjectType: 'S', Name: "c"}, sync},
			1,
			"ParseComplete ParameterDescription RowDescription ParseComplete ParameterDescription NoData ReadyForQuery(I)",
		},
		{
			"a name that is taken",
			[]pgproto3.FrontendMessage{parse("taken", "SELECT 1"), parse("taken", "SELECT 2"), sync},
			1, "ParseComplete ErrorResponse(42P05) ReadyForQuery(I)",
		},
		{
			"closing what is not there is no error; using it is",
			[]pgproto3.FrontendMessage{&pgproto3.Close{ObjectType: 'S', Name: "none"}, bind("", "none"), execute("", 0), sync},
			1, "CloseComplete ErrorResponse(26000) ReadyForQuery(I)",
		},
		{
			"too few parameters",
			[]pgproto3.FrontendMessage{parse("", "SELECT $1, $2"), bind("", "", "x"), sync},
			1, "ParseComplete ErrorResponse(08P01) ReadyForQuery(I)",
		},
		{
			"a parameter that is no number",
			[]pgproto3.FrontendMessage{parse("", "SELECT $1::int"), bind("", "", "x"), sync},
			1, "ParseComplete ErrorResponse(22P02) ReadyForQuery(I)",
		},
		{
			"two commands in one Parse",
			[]pgproto3.FrontendMessage{parse("", "SELECT 1; SELECT 2"), sync},
			1, "ErrorResponse(42601) ReadyForQuery(I)",
		},
		{
			"empty queries",
			[]pgproto3.FrontendMessage{query(" ; -- nothing"), parse("", ""), bind("", ""), execute("", 0), sync},
			2, "EmptyQueryResponse ReadyForQuery(I) ParseComplete BindComplete EmptyQueryResponse ReadyForQuery(I)",
		},
		{
			"an error fails the block, until its end",
			[]pgproto3.FrontendMessage{query("BEGIN"), query("SELECT nothing()"), parse("", "SELECT 1"), sync, query("COMMIT")},
			4,
			"CommandComplete(BEGIN) ReadyForQuery(T) ErrorResponse(42883) ReadyForQuery(E) ErrorResponse(25P02) ReadyForQuery(E) CommandComplete(ROLLBACK) ReadyForQuery(I)",
		},
		{
			"settings of a failed block go back, and the client is told",
			[]pgproto3.FrontendMessage{query("BEGIN; SET application_name = 'inside'"), query("ROLLBACK")},
			2,
			"CommandComplete(BEGIN) CommandComplete(SET) ParameterStatus(application_name=inside) ReadyForQuery(T) CommandComplete(ROLLBACK) ParameterStatus(application_name=) ReadyForQuery(I)",
		},
		{
			"warnings come before what they belong to",
			[]pgproto3.FrontendMessage{query("COMMIT")},
			1, "NoticeResponse(25P01) CommandComplete(COMMIT) ReadyForQuery(I)",
		},
		{
			"a statement that gives no rows runs once",
			[]pgproto3.FrontendMessage{parse("", "SET lock_timeout = 1"), bind("", ""), execute("", 0), execute("", 0), sync},
			1, "ParseComplete BindComplete CommandComplete(SET) ErrorResponse(55000) ReadyForQuery(I)",
		},
		{
			"the old function call",
			[]pgproto3.FrontendMessage{&pgproto3.FunctionCall{Function: 1}},
			1, "ErrorResponse(0A000) ReadyForQuery(I)",
		},
		{
			"a DISCARD ALL forgets everything",
			[]pgproto3.FrontendMessage{parse("gone", "SELECT 1"), sync, query("DISCARD ALL"), bind("", "gone"), sync},
			3,
			"ParseComplete ReadyForQuery(I) CommandComplete(DISCARD ALL) ReadyForQuery(I) ErrorResponse(26000) ReadyForQuery(I)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := connect(t, s, "").PgConn().Frontend()
			for _, m := range c.send {
				f.Send(m)
			}
			if got := receive(t, f, c.ready); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestErrorsCarryAllTheirFields(t *testing.T) {
	s := serve(t, nil)
	conn := connect(t, s, "")
	_, err := conn.Exec(t.Context(), "SELECT fail($1,$2,$3,$4)", "ABCDE", "m", "d", "h")
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		t.Fatalf("the error is %v", err)
	}
	got := []string{pgErr.Severity, pgErr.SeverityUnlocalized, pgErr.Code, pgErr.Message, pgErr.Detail, pgErr.Hint}
	if diff := cmp.Diff([]string{"ERROR", "ERROR", "ABCDE", "m", "d", "h"}, got); diff != "" {
		t.Errorf("fields (-want +got)\n%s", diff)
	}
	_, err = conn.Exec(t.Context(), "SELECT 'ä', nothing()")
	if !errors.As(err, &pgErr) || pgErr.Position != 13 {
		t.Errorf("position %d, want 13: it counts characters, not bytes", pgErr.Position)
	}
}
