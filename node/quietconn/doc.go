// Package quietconn makes connections over Unix-domain sockets cheap for a server that answers them. A
// client that takes an answer from such a socket makes room in it, and the runtime's poller, which
// watches every socket for both directions, wakes up to learn that nobody waits for room: a processor's
// turn for each answer, on the processor that the client needs. Here each direction of a socket
// has an epoll instance of its own, the runtime watches those, and the one for writing has something to
// tell only while a writer waits.
//
//	           ┌ epoll (readable) ◄─┐
//	poller ──► ┤                    ├─ socket        before:  poller ──► socket (readable, writable)
//	           └ epoll (writable) ◄─┘
//
// A client that is the only one to speak is listened to for a moment longer before its reader goes
// to sleep, as long as that pays: see Room.
//
// Invariants:
//
//   - A Conn is a net.Conn in all that the interface promises: nettest.TestConn says so.
//   - The socket is in no poller but its two epoll instances, and they are in the runtime's.
//   - The descriptor is used under Conn.mu only, so that none is used that Close has given back.
//
// Where there is no epoll connections stay as they are. The package opens nothing and reads no clock.
package quietconn
