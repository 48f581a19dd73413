package story

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// A Service is where clients connect, as seen from a Kubernetes node.
type Service struct {
	env            *Env
	Host           string
	User, Password string
	Database       string
}

// Service resolves a service of the cluster (rw, ro, r) with the application's credentials.
func (e *Env) Service(ctx context.Context, kind string) (*Service, error) {
	host, err := e.Kubectl(ctx, "get", "service", clusterName+"-"+kind, "-o", "jsonpath={.spec.clusterIP}")
	if err != nil {
		return nil, err
	}
	s := &Service{env: e, Host: strings.TrimSpace(host)}
	for key, to := range map[string]*string{"username": &s.User, "password": &s.Password, "dbname": &s.Database} {
		*to, err = e.Kubectl(ctx, "get", "secret", clusterName+"-app", "-o", "go-template={{.data."+key+" | base64decode}}")
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// DSN is a connection string with the password in it.
func (s *Service) DSN() string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Host: s.Host + ":5432", Path: s.Database}
	u.RawQuery = "sslmode=require&connect_timeout=2"
	return u.String()
}

func (s *Service) environ() []string {
	return []string{"PGHOST=" + s.Host, "PGUSER=" + s.User, "PGPASSWORD=" + s.Password, "PGDATABASE=" + s.Database, "PGSSLMODE=require", "PGCONNECT_TIMEOUT=3"}
}

const postgresBin = "/usr/lib/postgresql/15/bin/"

// PSQL runs one statement with the real psql, unaligned and without headers.
func (s *Service) PSQL(ctx context.Context, statement string) (string, error) {
	out, err := s.env.InCluster(ctx, s.environ(), postgresBin+"psql", "-XAt", "-v", "ON_ERROR_STOP=1", "-c", statement)
	if err != nil {
		return "", fmt.Errorf("psql: %s: %w", statement, err)
	}
	return strings.TrimSpace(out), nil
}

// RecvLogical runs the real pg_recvlogical on the slot.
func (s *Service) RecvLogical(ctx context.Context, slot string, args ...string) (string, error) {
	out, err := s.env.InCluster(ctx, s.environ(), append([]string{postgresBin + "pg_recvlogical", "-d", s.Database, "-S", slot}, args...)...)
	if err != nil {
		return "", fmt.Errorf("pg_recvlogical on slot %s: %w", slot, err)
	}
	return strings.TrimSpace(out), nil
}

// PGBench runs the real pgbench with a script and returns its report.
func (s *Service) PGBench(ctx context.Context, script string, clients, seconds int) (string, error) {
	return s.env.InCluster(ctx, s.environ(), postgresBin+"pgbench", "-n", "-M", "prepared", "-f", script,
		"-c", fmt.Sprint(clients), "-j", "2", "-T", fmt.Sprint(seconds))
}
