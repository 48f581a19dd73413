package sql

import "context"

type sessionKey struct{}

// NewContext gives ctx the session, where functions find it.
func NewContext(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// FromContext is the session whose statement runs; nil if there is none.
func FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}
