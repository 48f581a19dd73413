package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// A Client speaks to one node. It may be used by several goroutines.
type Client struct {
	base string
	http *http.Client
}

// ClientOptions say how to reach a node. The zero value dials plainly; TLS is needed outside tests.
type ClientOptions struct {
	TLS  *tls.Config // with the client's certificate; ServerName is the instance's name
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// maxReply bounds a reply, and a line of the watch stream.
const maxReply = 16 << 20

// NewClient makes a client of the node that serves the control API at address (host:port).
func NewClient(address string, o ClientOptions) *Client {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 5 * time.Second}).DialContext
	}
	scheme := "https://"
	if o.TLS == nil {
		scheme = "http://"
	}
	return &Client{
		base: scheme + address,
		http: &http.Client{Transport: &http.Transport{
			DialContext:         o.Dial,
			TLSClientConfig:     o.TLS,
			TLSHandshakeTimeout: 2 * time.Second,
			MaxIdleConns:        2,
			IdleConnTimeout:     30 * time.Second,
			// One connection per stream and no HTTP/2: a connection's end then says which node died.
			ForceAttemptHTTP2: false,
			TLSNextProto:      map[string]func(string, *tls.Conn) http.RoundTripper{},
		}},
	}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks once.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.call(ctx, http.MethodGet, PathStatus, nil, &s)
}

// Census asks what the node may still have to replay.
func (c *Client) Census(ctx context.Context) (Census, error) {
	var out Census
	return out, c.call(ctx, http.MethodGet, PathCensus, nil, &out)
}

// Modules asks what is loaded.
func (c *Client) Modules(ctx context.Context) (Manifest, error) {
	var out Manifest
	return out, c.call(ctx, http.MethodGet, PathModules, nil, &out)
}

// Watch calls heard for each line of the status stream until the stream ends, which it always says
// with an error: io.EOF if the node closed it, the context's if that ended first.
func (c *Client) Watch(ctx context.Context, heard func(Status)) error {
	resp, err := c.do(ctx, http.MethodGet, PathStatus+"?watch=true", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := json.NewDecoder(resp.Body)
	for {
		var s Status
		if err := lines.Decode(&s); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		heard(s)
	}
}

// Do sends a command, which is one of this package's requests, and returns the status after it.
func (c *Client) Do(ctx context.Context, request any) (Status, error) {
	path, err := PathOf(request)
	if err != nil {
		return Status{}, err
	}
	var reply Reply
	return reply.Status, c.call(ctx, http.MethodPost, path, request, &reply)
}

// PathOf is where a request is sent.
func PathOf(request any) (string, error) {
	switch request.(type) {
	case InitRequest:
		return PathInit, nil
	case FollowRequest:
		return PathFollow, nil
	case FenceRequest:
		return PathFence, nil
	case PromoteRequest:
		return PathPromote, nil
	case SynchronousRequest:
		return PathSynchronous, nil
	case RetireRequest:
		return PathRetire, nil
	case FormatRequest:
		return PathFormat, nil
	case CheckpointRequest:
		return PathCheckpoint, nil
	case SwitchWALRequest:
		return PathSwitchWAL, nil
	case DemoteRequest:
		return PathDemote, nil
	}
	return "", fmt.Errorf("%T is not a command of the control API", request)
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(out); err != nil {
		return fmt.Errorf("%s %s: read the reply: %w", method, path, err)
	}
	return nil
}

// do sends a request and turns everything but 200 into an *Error.
func (c *Client) do(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	refusal := &Error{}
	if json.Unmarshal(text, refusal) != nil || refusal.Code == "" {
		refusal = &Error{Code: "HTTP", Message: fmt.Sprintf("%s: %s", resp.Status, bytes.TrimSpace(text))}
	}
	refusal.HTTP = resp.StatusCode
	return nil, refusal
}

// IsRefusal reports whether err is a node's refusal, with any of the codes if some are given. Other
// errors leave open whether the node did what it was told.
func IsRefusal(err error, codes ...string) bool {
	var refusal *Error
	if !errors.As(err, &refusal) {
		return false
	}
	for _, code := range codes {
		if refusal.Code == code {
			return true
		}
	}
	return len(codes) == 0
}
