// Package unixsocket is a listener of Unix sockets whose connections are woken by what they can read, and
// by nothing else.
//
// Linux wakes whoever waits to write to a Unix socket each time the peer takes bytes out of it, and Go's
// poller waits for both directions of every socket, always. So a client that reads an answer wakes the
// server, which finds nothing to do, before the client has got around to sending its next request: two
// switches between processes for every statement, just when somebody waits for both. A TCP connection has
// no such wake-up, and a server that waits for input only, as PostgreSQL does, has none either.
//
//	Go's poller ──► readiness "in"  ──EPOLLIN───► socket      what Read waits for
//	           └──► readiness "out" ──EPOLLOUT──► socket      only while a Write waits for room
//
// A readiness is an epoll instance of one socket. Go's poller, which waits for it in the socket's place,
// hears of the events it was made for.
//
// Invariants:
//   - The socket is in no poller but these. It is closed when nobody reads or writes any more.
//   - A deadline that passes, and Close, end a Read or Write that waits, as those of net do.
//
// It never looks at what is sent. Source: epoll(7), net/unix/af_unix.c (unix_write_space).
package unixsocket
