package pgwire

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

const (
	scramIterations = 4096
	scramSalt       = 16 // bytes
	scramKey        = 32
)

// NewVerifier makes what a node keeps of a password, in PostgreSQL's form
// SCRAM-SHA-256$4096:salt$storedkey:serverkey. random gives the salt.
func NewVerifier(password string, random io.Reader) (string, error) {
	salt := make([]byte, scramSalt)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		// PostgreSQL takes passwords that SASLprep refuses as they are.
		if client, err = scram.SHA256.NewClientUnprepped("", password, ""); err != nil {
			return "", fmt.Errorf("prepare the password: %w", err)
		}
	}
	c, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: scramIterations})
	if err != nil {
		return "", fmt.Errorf("derive the keys: %w", err)
	}
	enc := base64.StdEncoding
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramIterations, enc.EncodeToString(salt), enc.EncodeToString(c.StoredKey), enc.EncodeToString(c.ServerKey)), nil
}

// ParseVerifier reads a verifier in PostgreSQL's form.
func ParseVerifier(s string) (scram.StoredCredentials, error) {
	var c scram.StoredCredentials
	bad := fmt.Errorf("not a verifier of the form SCRAM-SHA-256$iterations:salt$storedkey:serverkey")
	parts := strings.Split(s, "$")
	if len(parts) != 3 || parts[0] != "SCRAM-SHA-256" {
		return c, bad
	}
	iterations, salt, ok := strings.Cut(parts[1], ":")
	stored, server, ok2 := strings.Cut(parts[2], ":")
	n, err := strconv.Atoi(iterations)
	if !ok || !ok2 || err != nil || n < 1 {
		return c, bad
	}
	c.Iters = n
	rawSalt, err1 := base64.StdEncoding.DecodeString(salt)
	c.StoredKey, err = base64.StdEncoding.DecodeString(stored)
	var err2 error
	c.ServerKey, err2 = base64.StdEncoding.DecodeString(server)
	if err1 != nil || err != nil || err2 != nil || len(rawSalt) == 0 || len(c.StoredKey) != scramKey || len(c.ServerKey) != scramKey {
		return c, bad
	}
	c.Salt = string(rawSalt)
	return c, nil
}
