package node

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Conninfo is the part of a libpq connection string that replication needs.
type Conninfo struct {
	Host            string
	Port            int
	User            string
	Password        string
	ApplicationName string
	SSLMode         string // as sslModes has it, or ""
	SSLRootCert     string
}

// ParseConninfo reads "host=… port=…" or "postgresql://user@host:port/". What it does not know is
// ignored, as far as it is well formed.
func ParseConninfo(s string) (Conninfo, error) {
	c := Conninfo{Host: "localhost", Port: 5432, User: "postgres"}
	if strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://") {
		return c, c.parseURL(s)
	}
	for rest := strings.TrimSpace(s); rest != ""; {
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return c, fmt.Errorf("missing \"=\" after %q in connection info string", rest)
		}
		value, left, err := conninfoValue(strings.TrimLeft(after, " \t"))
		if err != nil {
			return c, err
		}
		if err := c.set(strings.TrimSpace(key), value); err != nil {
			return c, err
		}
		rest = strings.TrimLeft(left, " \t\n")
	}
	return c, nil
}

func (c *Conninfo) parseURL(s string) error {
	u, err := url.Parse(s)
	if err != nil {
		return fmt.Errorf("connection URI: %w", err)
	}
	pairs := map[string]string{"host": u.Hostname(), "port": u.Port(), "user": u.User.Username()}
	pairs["password"], _ = u.User.Password()
	for key := range u.Query() {
		pairs[key] = u.Query().Get(key)
	}
	for key, value := range pairs {
		if value != "" {
			if err := c.set(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Conninfo) set(key, value string) (err error) {
	if key == "" || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return fmt.Errorf("invalid connection option %q", key)
	}
	switch key {
	case "host", "hostaddr":
		c.Host = value
	case "port":
		if c.Port, err = strconv.Atoi(value); err != nil || c.Port < 1 || c.Port > 65535 {
			return fmt.Errorf("invalid port number: %q", value)
		}
	case "user":
		c.User = value
	case "password":
		c.Password = value
	case "application_name":
		c.ApplicationName = value
	case "sslmode":
		if !slices.Contains(sslModes, value) {
			return fmt.Errorf("invalid sslmode value: %q", value)
		}
		c.SSLMode = value
	case "sslrootcert":
		c.SSLRootCert = value
	}
	return nil
}

// conninfoValue takes one value off the front of s: a word, or a quoted string with \ escapes.
func conninfoValue(s string) (value, rest string, err error) {
	var b strings.Builder
	quoted := strings.HasPrefix(s, "'")
	i := 0
	if quoted {
		i = 1
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quoted && c == '\'':
			return b.String(), s[i+1:], nil
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			return b.String(), s[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", "", fmt.Errorf("unterminated quoted string in connection info string")
	}
	return b.String(), "", nil
}
