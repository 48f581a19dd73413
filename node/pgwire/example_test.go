package pgwire_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// direct runs functions as they are: a node whose functions need neither pages nor log.
type direct struct{}

func (direct) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (wal.LSN, error) {
	return 0, fn.Call(ctx, nil, args, row)
}

func (direct) Commit(context.Context, wal.LSN, string) (*ereport.Condition, error) { return nil, nil }

func ExampleServer() {
	catalog := &catalog.Registry{}
	err := catalog.AddFunctions(rmgr.Function{
		Name: "greet", Args: []rmgr.Column{{Name: "name", Type: rmgr.Text}}, Returns: []rmgr.Column{{Type: rmgr.Text}},
		Call: func(_ context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
			return row("hello " + args[0].(string))
		},
	})
	if err != nil {
		panic(err)
	}
	server, err := pgwire.NewServer(pgwire.Options{
		Engine: &sql.Engine{Catalog: catalog, Caller: direct{}, Committer: direct{}},
		Now:    time.Now,
	})
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(l)
	defer server.Close()

	ctx := context.Background()
	conn, err := pgx.Connect(ctx, "postgres://me@"+l.Addr().String()+"/db?sslmode=disable")
	if err != nil {
		panic(err)
	}
	defer conn.Close(ctx)
	var answer string
	if err := conn.QueryRow(ctx, "SELECT greet($1)", "world").Scan(&answer); err != nil {
		panic(err)
	}
	fmt.Println(answer)
	// Output: hello world
}
