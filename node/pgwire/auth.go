package pgwire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"
)

// A Method is how a client proves who it is.
type Method int

const (
	Reject Method = iota
	Trust
	SCRAM // SCRAM-SHA-256, bound to the TLS channel if the client can
	Cert  // a client certificate whose common name is the user's
)

// A Client is what is known of a client before it has proved anything.
type Client struct {
	User        string
	Database    string
	Replication bool
	RemoteAddr  net.Addr
	TLS         bool
	CommonName  string // of the client certificate that TLS verified; "" if there is none
}

const (
	mechanism      = "SCRAM-SHA-256"
	mechanismBound = "SCRAM-SHA-256-PLUS"

	// maxAuthMessage is PostgreSQL's PG_MAX_AUTH_TOKEN_LENGTH.
	maxAuthMessage = 65535
)

// authenticate makes the client prove who it is. An error is for the client.
func (h *handshake) authenticate(c Client) error {
	switch h.srv.options.Method(c) {
	case Trust:
		return nil
	case Cert:
		if c.CommonName == "" {
			return condition("28000", "connection requires a valid client certificate")
		}
		if c.CommonName != c.User {
			return condition("28000", "certificate authentication failed for user %q", c.User)
		}
		return nil
	case SCRAM:
		return h.scram(c.User)
	}
	encryption := "no encryption"
	if c.TLS {
		encryption = "SSL encryption"
	}
	return condition("28000", "no entry allows user %q to connect to database %q with %s", c.User, c.Database, encryption)
}

// scram runs the exchange. A user that does not exist fails only at its end, like a wrong password.
func (h *handshake) scram(user string) error {
	credentials, known := h.credentials(user)
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return credentials, nil })
	if err != nil {
		return err
	}
	server = server.WithNonceGenerator(h.nonce)
	mechanisms := []string{mechanism}
	if h.binding.IsSupported() {
		mechanisms = []string{mechanismBound, mechanism}
	}
	h.out.send(&pgproto3.AuthenticationSASL{AuthMechanisms: mechanisms})
	first, err := h.saslMessage(pgproto3.AuthTypeSASL)
	if err != nil {
		return err
	}
	initial, ok := first.(*pgproto3.SASLInitialResponse)
	if !ok {
		return condition("08P01", "expected SASL response")
	}
	var conversation *scram.ServerConversation
	switch {
	case initial.AuthMechanism == mechanismBound && h.binding.IsSupported():
		conversation = server.NewConversationWithChannelBindingRequired(h.binding)
	case initial.AuthMechanism == mechanism:
		conversation = server.NewConversationWithChannelBinding(h.binding)
	default:
		return condition("08P01", "client selected an invalid SASL authentication mechanism")
	}
	challenge, err := conversation.Step(string(initial.Data))
	if err != nil {
		return condition("08P01", "malformed SCRAM message")
	}
	h.out.send(&pgproto3.AuthenticationSASLContinue{Data: []byte(challenge)})
	second, err := h.saslMessage(pgproto3.AuthTypeSASLContinue)
	if err != nil {
		return err
	}
	response, ok := second.(*pgproto3.SASLResponse)
	if !ok {
		return condition("08P01", "expected SASL response")
	}
	final, err := conversation.Step(string(response.Data))
	if err != nil || !conversation.Valid() || !known {
		return condition("28P01", "password authentication failed for user %q", user)
	}
	h.out.send(&pgproto3.AuthenticationSASLFinal{Data: []byte(final)})
	return nil
}

// saslMessage sends what is queued and reads the client's answer.
func (h *handshake) saslMessage(expect uint32) (pgproto3.FrontendMessage, error) {
	if err := h.out.write(); err != nil {
		return nil, gone{err}
	}
	if err := h.in.SetAuthType(expect); err != nil {
		return nil, err
	}
	m, err := h.in.Receive()
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	switch {
	case errors.As(err, &tooLong):
		return nil, condition("08P01", "invalid message length")
	case err != nil:
		return nil, gone{err}
	}
	return m, nil
}

// credentials are the user's, or made-up ones that stay the same for the same name.
func (h *handshake) credentials(user string) (scram.StoredCredentials, bool) {
	if verifier, ok := h.srv.options.Verifier(user); ok {
		if c, err := ParseVerifier(verifier); err == nil {
			return c, true
		}
		h.srv.options.Log.Warn("a user's password verifier cannot be read", "user", user)
	}
	mac := hmac.New(sha256.New, h.srv.mockSecret)
	mac.Write([]byte(user))
	sum := mac.Sum(nil)
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(sum[:scramSalt]), Iters: scramIterations},
		StoredKey:  make([]byte, scramKey),
		ServerKey:  make([]byte, scramKey),
	}, false
}

func (h *handshake) nonce() string {
	raw := make([]byte, 18)
	if _, err := io.ReadFull(h.srv.options.Rand, raw); err != nil {
		panic("pgwire: no random bytes: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(raw)
}
