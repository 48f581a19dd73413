package server

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var (
	tpsLine     = regexp.MustCompile(`tps = ([0-9.]+)`)
	latencyLine = regexp.MustCompile(`latency average = ([0-9.]+) ms`)
	failedLine  = regexp.MustCompile(`number of failed transactions: ([0-9]+)`)
)

// Pgbench runs a script with prepared statements and returns the rate and the mean latency.
func (s *Server) Pgbench(ctx context.Context, script string, clients int, d time.Duration) (tps float64, latency time.Duration, err error) {
	out, err := s.client(ctx, "pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(max(1, int(d.Seconds()))), "-f", script)
	if err != nil {
		return 0, 0, err
	}
	rate, mean := tpsLine.FindStringSubmatch(out), latencyLine.FindStringSubmatch(out)
	if rate == nil || mean == nil {
		return 0, 0, fmt.Errorf("pgbench printed no rate: %s", out)
	}
	if f := failedLine.FindStringSubmatch(out); f != nil && f[1] != "0" {
		return 0, 0, fmt.Errorf("pgbench: %s transactions failed: %s", f[1], out)
	}
	tps, err = strconv.ParseFloat(rate[1], 64)
	if err != nil {
		return 0, 0, err
	}
	ms, err := strconv.ParseFloat(mean[1], 64)
	return tps, time.Duration(ms * float64(time.Millisecond)), err
}
