package node_test

import (
	"crypto/tls"
	"io/fs"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node"
)

func TestConninfoIsReadAsLibpqReadsIt(t *testing.T) {
	usual := node.Conninfo{Host: "localhost", Port: 5432, User: "postgres"}
	with := func(change func(*node.Conninfo)) node.Conninfo {
		c := usual
		change(&c)
		return c
	}
	for text, want := range map[string]node.Conninfo{
		"":                              usual,
		"host=db-1 port=6000 user=repl": with(func(c *node.Conninfo) { c.Host, c.Port, c.User = "db-1", 6000, "repl" }),
		" host = db-1  port= 6000 ":     with(func(c *node.Conninfo) { c.Host, c.Port = "db-1", 6000 }),
		`password='a \'b\' \\' host=x`:  with(func(c *node.Conninfo) { c.Password, c.Host = `a 'b' \`, "x" }),
		"application_name=s1 sslmode=disable connect_timeout=3": with(func(c *node.Conninfo) { c.ApplicationName, c.SSLMode = "s1", "disable" }),
		"postgresql://repl:se%20cret@db-1:6000/?application_name=s1": with(func(c *node.Conninfo) {
			c.Host, c.Port, c.User, c.Password, c.ApplicationName = "db-1", 6000, "repl", "se cret", "s1"
		}),
	} {
		got, err := node.ParseConninfo(text)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"host", "port=many", "port=0", "host='x", `password='it''s' host=x`, "postgres://x:y:z"} {
		if c, err := node.ParseConninfo(text); err == nil {
			t.Errorf("%q was accepted as %+v", text, c)
		}
	}
}

func TestSSLModeIsObeyed(t *testing.T) {
	none := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	for conninfo, want := range map[string]string{
		"":                               "plain",
		"sslmode=disable":                "plain",
		"sslmode=prefer":                 "plain",
		"sslmode=require":                "TLS",
		"sslmode=require host=/run/node": "plain", // as libpq: nothing to be encrypted
		"sslmode=verify-ca":              "sslmode=verify-ca needs sslrootcert, a file with the authority's certificate",
		"sslmode=verify-full":            "sslmode=verify-full needs sslrootcert, a file with the authority's certificate",
		"sslmode=require sslrootcert=x":  "sslrootcert: file does not exist",
		"sslmode=true":                   `invalid sslmode value: "true"`,
	} {
		c, err := node.ParseConninfo(conninfo)
		got := "plain"
		if err == nil {
			var secure *tls.Config
			if secure, err = c.TLS(none, time.Now); secure != nil {
				got = "TLS"
			}
		}
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", conninfo, got, want)
		}
	}
}
