package control

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	api "github.com/redoubt-wal/redoubt/api/control"
)

// Probes serves /healthz, /readyz, /startupz and /metrics in plain HTTP. It tells nothing that a
// neighbour may not know and takes no commands. notReady says why clients should not be sent here;
// "" if they may.
func Probes(status func() api.Status, notReady func() string, metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	for path, why := range map[string]func() string{
		"/healthz":  func() string { status(); return "" }, // it answers, so nothing is stuck; a restart cures nothing else
		"/readyz":   notReady,
		"/startupz": func() string { return NotStarted(status()) },
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			if reason := why(); reason != "" {
				http.Error(w, reason, http.StatusServiceUnavailable)
				return
			}
			fmt.Fprintln(w, "ok")
		})
	}
	return mux
}

// NotStarted says what a start still waits for; "" once the node has replayed what it must.
func NotStarted(s api.Status) string {
	if s.Role == api.RoleRecovering {
		return fmt.Sprintf("recovering: replayed to %s", s.ReplayLSN)
	}
	return ""
}
