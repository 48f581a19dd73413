package interop_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// dialogue sends messages in one batch over a connection of its own and shows what comes back until the server is ready
// as often as the batch asks for.
func dialogue(t *testing.T, c *pgx.Conn, batch []pgproto3.FrontendMessage) string {
	t.Helper()
	cfg := c.Config()
	conn, err := net.Dial("unix", cfg.Host+"/.s.PGSQL."+fmt.Sprint(cfg.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute)) // a server that says nothing
	f := pgproto3.NewFrontend(conn, conn)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: 196608, Parameters: map[string]string{"user": cfg.User, "database": cfg.Database}})
	f.Flush()
	for {
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	for _, m := range batch {
		f.Send(m)
	}
	f.Flush()
	var out []string
	want := 0
	for _, m := range batch {
		switch m.(type) {
		case *pgproto3.Sync, *pgproto3.Query, *pgproto3.FunctionCall:
			want++
		}
	}
	for want > 0 {
		m, err := f.Receive()
		if err != nil {
			out = append(out, "END")
			break
		}
		switch m := m.(type) {
		case *pgproto3.ReadyForQuery:
			want--
			out = append(out, "Z "+string(m.TxStatus))
		case *pgproto3.ErrorResponse:
			out = append(out, fmt.Sprintf("E %s %s %s %s at %d", m.Severity, m.Code, m.Message, m.Detail, m.Position))
		case *pgproto3.NoticeResponse:
			out = append(out, fmt.Sprintf("N %s %s %s", m.Severity, m.Code, m.Message))
		case *pgproto3.ParameterStatus:
			out = append(out, "S "+m.Name+"="+m.Value)
		case *pgproto3.RowDescription:
			s := "T"
			for _, d := range m.Fields {
				s += fmt.Sprintf(" %s/%d/%d/%d/%d", d.Name, d.DataTypeOID, d.DataTypeSize, d.TypeModifier, d.Format)
			}
			out = append(out, s)
		case *pgproto3.DataRow:
			s := "D"
			for _, v := range m.Values {
				s += fmt.Sprintf(" %q", v)
				if v == nil {
					s += "NULL"
				}
			}
			out = append(out, s)
		case *pgproto3.CommandComplete:
			out = append(out, "C "+string(m.CommandTag))
		case *pgproto3.ParameterDescription:
			out = append(out, fmt.Sprint("t ", m.ParameterOIDs))
		default:
			out = append(out, strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3."))
		}
	}
	return strings.Join(out, "\n")
}

// Whatever a client sends, in order or not, it is answered message by message as PostgreSQL answers it.
func TestDialoguesAreThePeers(t *testing.T) {
	theirs, ours := connectPeer(t), startNode(t).connect()
	type M = pgproto3.FrontendMessage
	P := func(name, q string, oids ...uint32) M {
		return &pgproto3.Parse{Name: name, Query: q, ParameterOIDs: oids}
	}
	B := func(portal, st string, params ...string) M {
		b := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: st}
		for _, p := range params {
			b.Parameters = append(b.Parameters, []byte(p))
		}
		return b
	}
	E := func(portal string, n uint32) M { return &pgproto3.Execute{Portal: portal, MaxRows: n} }
	D := func(k byte, n string) M { return &pgproto3.Describe{ObjectType: k, Name: n} }
	C := func(k byte, n string) M { return &pgproto3.Close{ObjectType: k, Name: n} }
	Q := func(q string) M { return &pgproto3.Query{String: q} }
	S := &pgproto3.Sync{}
	bf := func(portal, st string, pf, rf []int16, params ...string) M {
		b := B(portal, st, params...).(*pgproto3.Bind)
		b.ParameterFormatCodes, b.ResultFormatCodes = pf, rf
		return b
	}
	for _, batch := range [][]M{
		{P("", "SELECT 1"), B("", ""), D('P', ""), E("", 0), S},
		{P("a", "SELECT 1"), P("a", "SELECT 2"), S, B("", "a"), E("", 0), S},
		{B("", "nope"), S}, {E("nope", 0), S}, {D('S', "nope"), S}, {D('P', "nope"), S}, {D('X', "nope"), S}, {C('S', "nope"), C('P', "nope"), S}, {C('X', "nope"), S},
		{P("", "SELECT 1"), B("p", ""), B("p", ""), S},
		{P("", "SELECT 1"), B("p", ""), S, E("p", 0), S},
		{Q("BEGIN"), P("", "SELECT 1"), B("p", ""), S, E("p", 0), S, E("p", 0), S, Q("COMMIT")},
		{P("", "SELECT generate_series(1,5::bigint)"), B("", ""), E("", 2), E("", 2), E("", 2), E("", 2), S},
		{P("", "SELECT generate_series(1,4::bigint)"), B("", ""), E("", 2), E("", 2), E("", 2), S},
		{P("", "SELECT $1::int + 1"), B("", ""), S}, {P("", "SELECT $1::int"), B("", "", "x"), S}, {P("", "SELECT $1::int"), B("", "", "1", "2"), S},
		{P("", "SELECT $1::int"), bf("", "", []int16{0, 0}, nil, "1"), S}, {P("", "SELECT $1::int"), bf("", "", []int16{2}, nil, "1"), S}, {P("", "SELECT $1::int"), bf("", "", []int16{1}, nil, "abc"), S},
		{P("", "SELECT $1::int"), bf("", "", []int16{1}, nil, "abcde"), S}, {P("", "SELECT $1::int, 2"), bf("", "", nil, []int16{1, 1, 1}, "1"), E("", 0), S},
		{P("", "SELECT 1, 2"), bf("", "", nil, []int16{1, 0}), D('P', ""), E("", 0), S}, {P("", "SELECT 1, 2"), bf("", "", nil, []int16{0, 1, 0}), E("", 0), S},
		{P("", "SELECT $1::text"), bf("", "", nil, nil, "\xff"), S}, {P("", "SELECT $1::text"), bf("", "", []int16{1}, nil, "\xff"), S}, {P("", "SELECT $1::text"), bf("", "", []int16{1}, nil, "a\x00"), S},
		{P("", ""), B("", ""), D('P', ""), E("", 0), S}, {P("", ";"), D('S', ""), B("", ""), E("", 0), S}, {P("", "SELECT 1; SELECT 2"), S}, {P("", "SELECT 1;;"), B("", ""), E("", 0), S},
		{Q("")}, {Q(" ;; ")}, {Q("SELECT 1; ; SELECT 2")}, {Q("SELECT 1; SELECT nope; SELECT 2")}, {Q("BEGIN; SELECT nope"), Q("SELECT 1"), Q(""), Q("COMMIT")},
		{Q("BEGIN"), P("", "SELECT nope"), B("", ""), E("", 0), S, P("", "SELECT 1"), S, P("", "ROLLBACK"), B("", ""), E("", 0), S},
		{Q("BEGIN"), P("s", "SELECT 1"), S, Q("SELECT nope"), B("", "s"), S, D('S', "s"), S, C('S', "s"), S, Q("ROLLBACK")},
		{P("", "SELECT 1", 23, 25), D('S', ""), S}, {P("", "SELECT $1", 705), D('S', ""), S}, {P("", "SELECT $1, $2"), D('S', ""), S}, {P("", "SELECT $0"), S},
		{P("", "SHOW server_encoding"), D('S', ""), B("", ""), D('P', ""), E("", 0), S}, {P("", "BEGIN"), D('S', ""), B("", ""), D('P', ""), E("", 0), E("", 0), S, Q("ROLLBACK")},
		{P("", "SET application_name = 'x'"), B("", ""), E("", 0), S}, {Q("SET application_name = 'y'; SELECT 1; RESET application_name")},
		{Q("PREPARE q AS SELECT $1::int"), Q("EXECUTE q(1)"), B("", "q", "2"), E("", 0), S, D('S', "q"), S, C('S', "q"), S},
		{Q("PREPARE q AS SELECT $1::int"), P("", "EXECUTE q(3)"), D('S', ""), B("", ""), D('P', ""), E("", 0), S},
		{P("z", "SELECT 1"), S, Q("DEALLOCATE z"), B("", "z"), S}, {P("z", "SELECT 1"), S, Q("DEALLOCATE ALL"), B("", "z"), S}, {P("z", "SELECT 1"), S, Q("DISCARD ALL"), B("", "z"), S},
		{&pgproto3.CopyData{Data: []byte("x")}, &pgproto3.CopyDone{}, &pgproto3.CopyFail{}, Q("SELECT 1")},
		{P("", "SELECT 1"), B("", ""), E("", 0), &pgproto3.Flush{}, P("", "SELEC"), B("", ""), E("", 0), S, Q("SELECT 2")},
		{P("", "SELECT 1"), B("", ""), Q("SELECT 3"), E("", 0), S}, {P("u", "SELECT 1"), P("", "SELECT 2"), Q("SELECT 3"), B("", ""), E("", 0), S, B("", "u"), E("", 0), S},
		{P("", "SELECT 1"), B("", ""), E("", 0), E("", 0), S}, {P("", "SELECT g FROM generate_series(1,3::bigint) g"), B("", ""), E("", 0), E("", 0), S}, {P("", "COMMIT"), B("", ""), E("", 0), S},
		{Q("BEGIN; BEGIN; COMMIT; COMMIT")}, {Q("SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3")}, {Q("ROLLBACK; SELECT 1")}, {Q("BEGIN READ ONLY; SET TRANSACTION READ WRITE; SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ROLLBACK")},
		{P("", "SELECT 1 AS \"A b\", 'x'::text, 1.5::float8, true, '0/1'::pg_lsn, NULL, now() IS NULL, '\\x00'::bytea, current_user, ARRAY[1]"), B("", ""), D('P', ""), E("", 0), S},
		{P("", "SELECT 1, 'x'::text, 1.5::float8, true, '0/1'::pg_lsn, NULL, '\\x00'::bytea, '2024-01-01'::timestamptz, ARRAY[1,NULL], 25::regtype"), bf("", "", nil, []int16{1}), E("", 0), S},
		{P("", "SELECT $1::bool, $2::float8, $3::pg_lsn, $4::timestamptz, $5::bytea, $6::bigint"), B("", "", " yes ", " 1e2 ", "ab/CD", "2024-02-03 04:05:06.7+02", "\\xAB", " 12 "), E("", 0), S},
		{P("", "SELECT $1::bool"), B("", "", "maybe"), S}, {P("", "SELECT $1::float8"), B("", "", "1e999"), S}, {P("", "SELECT $1::pg_lsn"), B("", "", "zz"), S}, {P("", "SELECT $1::timestamptz"), B("", "", "zz"), S}, {P("", "SELECT $1::int"), B("", "", "99999999999"), S},
		{P("", "SELECT 1 LIMIT $1"), D('S', ""), B("", "", "-1"), E("", 0), S}, {P("", "SELECT $1 = $2"), D('S', ""), S}, {P("", "SELECT $1 || 'x'"), D('S', ""), S}, {P("", "SELECT coalesce($1, 2)"), D('S', ""), S},
		{P("", "SELECT $1 IN (1, 2)"), D('S', ""), S}, {P("", "SELECT CASE WHEN $1 THEN $2 ELSE 1 END"), D('S', ""), S}, {P("", "SELECT $1::int, $1 + 1"), D('S', ""), S}, {P("", "SELECT $1 = ANY ('{1}'::int[])"), D('S', ""), S}, {P("", "SELECT ARRAY[$1, 1]"), D('S', ""), S},
		{P("", "SELECT -$1::int, NOT $2"), D('S', ""), S}, {P("", "SELECT $1 LIKE $2"), D('S', ""), S}, {P("", "SELECT $1 BETWEEN 1 AND $2"), D('S', ""), S},
		{Q("SELECT 1 \xff")}, {P("", "SELECT 1 \xff"), S}, {Q("SELECT 'a'::int")}, {Q("SELECT \"no\"")},
	} {
		if diff := cmp.Diff(dialogue(t, theirs, batch), dialogue(t, ours, batch)); diff != "" {
			t.Errorf("%s: PostgreSQL (-) and the node (+) differ:\n%s", describe(batch), diff)
		}
	}
}

func describe(batch []pgproto3.FrontendMessage) string {
	var s []string
	for _, m := range batch {
		s = append(s, fmt.Sprintf("%T%+v", m, m))
	}
	return strings.ReplaceAll(strings.Join(s, "; "), "*pgproto3.", "")
}
