package pgwire

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
)

// largeMessage is PQ_LARGE_MESSAGE_LIMIT without the length's own four bytes.
const largeMessage = 1<<30 - 2 - 4

// Options are what a Server is given. Engine and Now must be there; the rest has defaults.
type Options struct {
	Engine *sql.Engine
	Now    func() time.Time

	// Replication serves replication connections; nil refuses them.
	Replication ReplicationHandler

	// TLS is offered to clients that ask for it; nil answers N. Verified client certificates give
	// an identity only if its ClientAuth asks for them and ClientCAs says who signs them.
	TLS *tls.Config

	// Method says how a client must prove who it is, as pg_hba.conf does; nil trusts everyone.
	Method func(Client) Method

	// Verifier is a user's password verifier, as NewVerifier makes it, for the method SCRAM.
	Verifier func(user string) (verifier string, ok bool)

	// Ready refuses connections with the error it returns while the node cannot serve them, as
	// 57P03 "the database system is starting up"; nil is always ready.
	Ready func() error

	// Left is told of each SQL session that has ended; nil: nobody is.
	Left func(*sql.Session)

	MaxConnections        int           // 100; replication connections are not counted
	MaxWALSenders         int           // 10 replication connections; negative: none
	AuthenticationTimeout time.Duration // 1 min
	MaxMessage            int           // the largest body of a message that an authenticated client may send: PostgreSQL's, 1 GiB
	ResultBuffer          int           // 4 MiB of an answer are held before they are sent while the statement runs
	StallTimeout          time.Duration // 30 s for a client to take such a part of an answer

	Rand io.Reader // for cancel keys, nonces and salts: crypto/rand
	Log  *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	if o.Engine == nil || o.Now == nil {
		return o, errors.New("pgwire: Options need an Engine and Now")
	}
	if o.Method == nil {
		o.Method = func(Client) Method { return Trust }
	}
	if o.Verifier == nil {
		o.Verifier = func(string) (string, bool) { return "", false }
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Left == nil {
		o.Left = func(*sql.Session) {}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	noSenders := o.MaxWALSenders < 0
	for _, d := range []struct {
		value *int
		usual int
	}{{&o.MaxConnections, 100}, {&o.MaxWALSenders, 10}, {&o.MaxMessage, largeMessage}, {&o.ResultBuffer, 4 << 20}} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	if noSenders {
		o.MaxWALSenders = 0
	}
	if o.AuthenticationTimeout <= 0 {
		o.AuthenticationTimeout = time.Minute
	}
	if o.StallTimeout <= 0 {
		o.StallTimeout = 30 * time.Second
	}
	return o, nil
}
