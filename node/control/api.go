package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
)

// An API is what a node lets itself be asked and told. Commands return when what api/control
// promises for their reply is true; an *api.Error is a refusal.
type API struct {
	Status  func() api.Status
	Changed func() <-chan struct{} // closed at the next change worth a line of the watch stream
	Census  func(context.Context) (api.Census, error)
	Modules func() api.Manifest

	Init        func(context.Context, api.InitRequest) error
	Follow      func(context.Context, api.FollowRequest) error
	Fence       func(context.Context, api.FenceRequest) error
	Promote     func(context.Context, api.PromoteRequest) error
	Synchronous func(context.Context, api.SynchronousRequest) error
	Retire      func(context.Context, api.RetireRequest) error
	Format      func(context.Context, api.FormatRequest) error
	Checkpoint  func(context.Context, api.CheckpointRequest) error
	SwitchWAL   func(context.Context, api.SwitchWALRequest) error
	Demote      func(context.Context, api.DemoteRequest) error

	// Heard is called for every request from the operator: it is alive. May be nil.
	Heard func()
}

// maxBody bounds a request's body: commands are small.
const maxBody = 1 << 20

// Handler serves the paths of api/control. Whoever reaches it may do everything: put [Authorise]
// before it where that is not so.
func (a API) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+api.PathStatus, a.status)
	mux.HandleFunc("GET "+api.PathModules, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, a.Modules()) })
	mux.HandleFunc("GET "+api.PathCensus, func(w http.ResponseWriter, r *http.Request) {
		census, err := a.Census(r.Context())
		if err != nil {
			refuse(w, err)
			return
		}
		writeJSON(w, http.StatusOK, census)
	})
	mux.HandleFunc("POST "+api.PathInit, command(a.Status, a.Init))
	mux.HandleFunc("POST "+api.PathFollow, command(a.Status, a.Follow))
	mux.HandleFunc("POST "+api.PathFence, command(a.Status, a.Fence))
	mux.HandleFunc("POST "+api.PathPromote, command(a.Status, a.Promote))
	mux.HandleFunc("POST "+api.PathSynchronous, command(a.Status, a.Synchronous))
	mux.HandleFunc("POST "+api.PathRetire, command(a.Status, a.Retire))
	mux.HandleFunc("POST "+api.PathFormat, command(a.Status, a.Format))
	mux.HandleFunc("POST "+api.PathCheckpoint, command(a.Status, a.Checkpoint))
	mux.HandleFunc("POST "+api.PathSwitchWAL, command(a.Status, a.SwitchWAL))
	mux.HandleFunc("POST "+api.PathDemote, command(a.Status, a.Demote))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Heard != nil {
			a.Heard()
		}
		mux.ServeHTTP(w, r)
	})
}

// command decodes a body, runs the command and answers with the status after it.
func command[T any](status func() api.Status, run func(context.Context, T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req T
		if err := decode(w, r, &req); err != nil {
			refuse(w, err)
			return
		}
		if err := run(r.Context(), req); err != nil {
			refuse(w, err)
			return
		}
		writeJSON(w, http.StatusOK, api.Reply{Status: status()})
	}
}

func decode(w http.ResponseWriter, r *http.Request, into any) error {
	body := http.MaxBytesReader(w, r.Body, maxBody)
	if r.ContentLength == 0 {
		return nil // a command without a body asks for its defaults
	}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return &api.Error{Code: "BadRequest", Message: fmt.Sprintf("the body is not the JSON of a %T: %v", into, err), HTTP: http.StatusBadRequest}
	}
	return nil
}

// refuse answers with an error as api/control defines it: a refusal keeps its code; whatever else
// went wrong may go better the next time.
func refuse(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*api.Error](err)
	if !ok {
		refusal = &api.Error{Code: "Failed", Message: err.Error(), HTTP: http.StatusServiceUnavailable}
	}
	code := refusal.HTTP
	if code == 0 {
		code = http.StatusConflict
	}
	writeJSON(w, code, refusal)
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}

const (
	// heartbeat is how long a watch stream may stay silent; a watcher takes a longer silence for a
	// node that hangs.
	heartbeat = time.Second
	// lineTimeout ends a stream whose reader has stopped reading.
	lineTimeout = 10 * time.Second
)

func (a API) status(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") != "true" {
		writeJSON(w, http.StatusOK, a.Status())
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines, control := json.NewEncoder(w), http.NewResponseController(w)
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		changed := a.Changed() // taken before the status, so that no change falls between
		control.SetWriteDeadline(a.now().Add(lineTimeout))
		if lines.Encode(a.Status()) != nil || control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-tick.C:
			if a.Heard != nil {
				a.Heard() // the line before was taken: somebody is there
			}
		case <-r.Context().Done():
			return
		}
	}
}

// now is the node's clock, as its status has it.
func (a API) now() time.Time { return a.Status().Time }
