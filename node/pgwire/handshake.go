package pgwire

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"

	"github.com/redoubt-wal/redoubt/node/sql"
)

// The first packet of a connection has no type; a code tells what it is.
const (
	codeCancel     = 80877102
	codeSSL        = 80877103
	codeGSSENC     = 80877104
	protocol3      = 3 << 16
	maxStartup     = 10_000 // MAX_STARTUP_PACKET_LENGTH
	maxEncryptAsks = 4
)

// A handshake is a connection before it has a session.
//
//	SSLRequest ──► S, TLS ──┐
//	GSSENCRequest ──► N ────┤
//	                        ▼
//	CancelRequest ──► done  startup ──► authenticate ──► session
type handshake struct {
	srv        *Server
	conn       net.Conn // replaced by the encrypted one
	in         *pgproto3.Backend
	out        output
	encrypted  bool
	commonName string
	binding    scram.ChannelBinding

	user, database string
	replication    replicationMode
	settings       []sql.Parameter
	unrecognized   []string // protocol options of newer clients
	minor          uint16
}

type replicationMode int

const (
	noReplication replicationMode = iota
	physicalReplication
	logicalReplication
)

// gone is an error of the connection itself: there is nobody to tell.
type gone struct{ error }

func (g gone) Unwrap() error { return g.error }

// errDone says that the connection has served its purpose: a CancelRequest, a port scan.
var errDone = gone{errors.New("done")}

// run brings a connection to the point where a session can begin. An error that is not gone is for
// the client, as FATAL.
func (h *handshake) run() error {
	if err := h.conn.SetDeadline(h.srv.options.Now().Add(h.srv.options.AuthenticationTimeout)); err != nil {
		return gone{err}
	}
	if err := h.startup(); err != nil {
		return err
	}
	h.in = pgproto3.NewBackend(h.conn, nil)
	h.in.SetMaxBodyLen(maxAuthMessage)
	h.out.w = h.conn
	h.negotiate()
	if h.user == "" {
		return condition("28000", "no PostgreSQL user name specified in startup packet")
	}
	if h.replication != noReplication && h.srv.options.Replication == nil {
		return condition("0A000", "replication connections are not supported")
	}
	if err := h.srv.options.Ready(); err != nil {
		return err
	}
	if err := h.authenticate(Client{
		User: h.user, Database: h.database, Replication: h.replication != noReplication,
		RemoteAddr: h.conn.RemoteAddr(), TLS: h.encrypted, CommonName: h.commonName,
	}); err != nil {
		return err
	}
	h.out.send(&pgproto3.AuthenticationOk{})
	if err := h.conn.SetDeadline(time.Time{}); err != nil {
		return gone{err}
	}
	h.in.SetMaxBodyLen(h.srv.options.MaxMessage)
	return nil
}

// startup reads packets until one is a StartupMessage. Each is read to its last byte and no further,
// so nothing that came in the clear is taken for what came encrypted.
func (h *handshake) startup() error {
	h.out.w = h.conn
	for range maxEncryptAsks {
		packet, err := readStartup(h.conn)
		if err != nil {
			return err
		}
		switch code := binary.BigEndian.Uint32(packet); {
		case code == codeCancel:
			h.srv.cancelRequest(packet)
			return errDone
		case code == codeSSL && h.srv.options.TLS != nil && !h.encrypted && !local(h.conn):
			if err := h.encrypt(); err != nil {
				return err
			}
			h.out.w = h.conn
		case code == codeSSL, code == codeGSSENC:
			if _, err := h.conn.Write([]byte{'N'}); err != nil {
				return gone{err}
			}
		case code>>16 != 3:
			return condition("0A000", "unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", code>>16, code&0xffff)
		default:
			h.minor = uint16(code)
			return h.parameters(packet[4:])
		}
	}
	return condition("08P01", "too many requests for encryption")
}

func local(c net.Conn) bool { return c.RemoteAddr() != nil && c.RemoteAddr().Network() == "unix" }

// readStartup reads one packet without a type.
func readStartup(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, gone{err}
	}
	n := int64(binary.BigEndian.Uint32(head[:])) - 4
	if n < 4 || n > maxStartup {
		return nil, condition("08P01", "invalid length of startup packet")
	}
	packet := make([]byte, n)
	if _, err := io.ReadFull(r, packet); err != nil {
		return nil, gone{err}
	}
	return packet, nil
}

// parameters reads the names and values of a StartupMessage.
func (h *handshake) parameters(b []byte) error {
	malformed := condition("08P01", "invalid startup packet layout: expected terminator as last byte")
	if len(b) == 0 || b[len(b)-1] != 0 {
		return malformed
	}
	fields := strings.Split(string(b[:len(b)-1]), "\x00")
	if fields[len(fields)-1] != "" || len(fields)%2 == 0 {
		return malformed
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] == "" {
			return malformed
		}
		if err := h.parameter(fields[i], fields[i+1]); err != nil {
			return err
		}
	}
	if h.database == "" {
		h.database = h.user
	}
	return nil
}

func (h *handshake) parameter(name, value string) (err error) {
	switch {
	case name == "user":
		h.user = value
	case name == "database":
		h.database = value
	case name == "replication":
		h.replication, err = parseReplication(value)
	case name == "options":
		err = h.commandLine(value)
	case strings.HasPrefix(name, "_pq_."):
		h.unrecognized = append(h.unrecognized, name)
	default:
		h.settings = append(h.settings, sql.Parameter{Name: name, Value: value})
	}
	return err
}

func parseReplication(value string) (replicationMode, error) {
	switch strings.ToLower(value) {
	case "database":
		return logicalReplication, nil
	case "true", "on", "yes", "1", "t", "y":
		return physicalReplication, nil
	case "false", "off", "no", "0", "f", "n":
		return noReplication, nil
	}
	return noReplication, condition("22023", "invalid value for parameter \"replication\": %q", value)
}

// commandLine reads the startup parameter options: -c name=value, --name=value.
func (h *handshake) commandLine(options string) error {
	words := splitOptions(options)
	for i := 0; i < len(words); i++ {
		word := words[i]
		assignment, ok := strings.CutPrefix(word, "--")
		if !ok {
			assignment, ok = strings.CutPrefix(word, "-c")
			if ok && assignment == "" && i+1 < len(words) {
				i++
				assignment = words[i]
			}
		}
		name, value, pair := strings.Cut(assignment, "=")
		if !ok || !pair || name == "" {
			return condition("42601", "invalid command-line argument for server process: %s", word)
		}
		h.settings = append(h.settings, sql.Parameter{Name: strings.ReplaceAll(name, "-", "_"), Value: value})
	}
	return nil
}

// splitOptions cuts at blanks; a backslash keeps the next character.
func splitOptions(s string) []string {
	var words []string
	var word strings.Builder
	begun := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			begun = true
		case c == ' ' || c >= '\t' && c <= '\r':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// negotiate tells a client of a newer minor version, or with options of one, that this is 3.0.
func (h *handshake) negotiate() {
	if h.minor > 0 || len(h.unrecognized) > 0 {
		h.out.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: 0, UnrecognizedOptions: h.unrecognized})
	}
}
