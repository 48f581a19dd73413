package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/api/control"
)

var update = flag.Bool("update", false, "write the golden files anew")

var at = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// wire has a value of every message, with every field set: the golden files are the wire form that
// other releases speak.
var wire = map[string]any{
	"status": control.Status{
		Instance: "orders-2", SystemIdentifier: "7412345678901234567", Role: control.RoleStandby, Time: at, StartedAt: at.Add(-time.Hour), Sequence: 12,
		Timeline: 3, FencedAt: 3, WriteLSN: 0x3000060, FlushLSN: 0x3000060, ReplayLSN: 0x3000028, RedoLSN: 0x2000028, OldestLSN: 0x1000000,
		Upstream: "10.88.1.7", Streaming: true, ForkLSN: 0x2FFFFF8, OpenWrites: false, Suspect: "fsync of 000000010000000000000003 failed",
		WriteProbe: &control.Probe{At: at, Duration: 812, Error: "no space left on device"}, Message: "follows orders-1",
		ReplayPaused: &control.ReplayPause{LSN: 0x3000028, Reason: "FormatUnknown", Detail: "kv replays formats 1 to 1, the record has 2"},
		Synchronous:  control.Synchronous{Method: "any", Number: 1, Members: []string{"orders-1", "orders-3"}, Serial: 5}, Waiters: 2,
		Replicas: []control.Replica{{Name: "orders-3", State: "streaming", SentLSN: 4, WriteLSN: 3, FlushLSN: 2, ReplayLSN: 1, SyncState: "quorum"}},
		Slots:    []control.Slot{{Name: "cdc", Type: "logical", Active: true, RestartLSN: 1, Confirmed: 2, WALStatus: "reserved"}},
		Modules: []control.Module{{Name: "kv", Version: "1.2.0", Retiring: true, Managers: []control.Manager{{ID: 251, Name: "kv",
			Writes: control.FormatRange{Min: 1, Max: 2}, Replays: control.FormatRange{Min: 1, Max: 2}, Format: 1}}}},
		Offered: []control.Module{{Name: "signal", Version: "1.0.0"}}, CensusEpoch: 9, WALSize: 33554432,
		Settings: []control.SettingDiff{{Name: "shared_buffers", Current: "128MB", Pending: "256MB"}}, NodeVersion: "1.4.0",
	},
	"census": control.Census{Instance: "orders-2", Holders: []control.Holder{
		{Kind: control.HolderWAL, From: 0x1000000, To: 0x3000060, Records: []control.RecordCount{
			{Rmgr: 251, Name: "kv", Module: "kv", Format: 1, Count: 17, First: 0x1000098, Last: 0x2000130}}},
		{Kind: control.HolderSlot, Name: "cdc", From: 0x1000000, To: 0x3000060, Unknown: true, Reason: "segment 1 has no census"},
	}},
	"manifest": control.Manifest{APIVersion: control.ManifestVersion, Modules: []control.Module{{Name: "kv", Version: "1.2.0",
		Managers: []control.Manager{{ID: 251, Name: "kv", Writes: control.FormatRange{Min: 1, Max: 2}, Replays: control.FormatRange{Min: 1, Max: 2}}}}}},
	"init":          control.InitRequest{SegmentSizeMB: 16},
	"follow":        control.FollowRequest{Timeline: 3, Reclone: true, Upstream: control.Upstream{Host: "10.88.1.7", Port: 5432, Name: "orders-1", Slot: "orders_2", SystemIdentifier: "7412345678901234567"}},
	"fence":         control.FenceRequest{Timeline: 3},
	"promote":       control.PromoteRequest{Timeline: 3, Synchronous: control.Synchronous{Method: "first", Number: 1, Members: []string{"orders-1"}}},
	"promote-again": control.PromoteRequest{Timeline: 3, Synchronous: control.Synchronous{Serial: 7}, MustReach: 0x3000060, StartedAt: time.Date(2026, 9, 1, 12, 0, 0, 1, time.UTC)},
	"synchronous":   control.SynchronousRequest{Timeline: 3},
	"retire":        control.RetireRequest{Module: "kv", Retiring: true},
	"format":        control.FormatRequest{Rmgr: 251, Format: 2},
	"checkpoint":    control.CheckpointRequest{Wait: true},
	"switch-wal":    control.SwitchWALRequest{},
	"demote":        control.DemoteRequest{Timeline: 3},
	"error":         control.Error{Code: "FencedAbove", Message: "this node has promised to follow nobody below timeline 4"},
}

func TestWireForm(t *testing.T) {
	for name, v := range wire {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("the wire form changed; other releases speak the old one (-want +got):\n%s", diff)
			}
		})
	}
}

// Either side may be the newer one.
func TestUnknownFieldsAreIgnored(t *testing.T) {
	var s control.Status
	if err := json.Unmarshal([]byte(`{"instance":"a","role":"primary","fieldOfTheFuture":{"x":1}}`), &s); err != nil || s.Role != control.RolePrimary {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestCommandsGoToTheirPaths(t *testing.T) {
	var seen string
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, bytes.TrimSpace(body))
		json.NewEncoder(w).Encode(control.Reply{Status: control.Status{Instance: "a"}})
	}))
	defer node.Close()
	c := control.NewClient(node.Listener.Addr().String(), control.ClientOptions{})
	for _, name := range []string{"init", "follow", "fence", "promote", "synchronous", "retire", "format", "checkpoint", "switch-wal", "demote"} {
		got, err := c.Do(context.Background(), wire[name])
		if err != nil || got.Instance != "a" {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		body, _ := json.Marshal(wire[name])
		if want := fmt.Sprintf("POST /v1/%s %s", name, body); seen != want {
			t.Errorf("sent %q, want %q", seen, want)
		}
	}
	if _, err := c.Do(context.Background(), 42); err == nil {
		t.Error("42 was sent as a command")
	}
}

func TestRefusal(t *testing.T) {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == control.PathCensus {
			http.Error(w, "not here", http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusConflict)
		json.NewEncoder(w).Encode(wire["error"])
	}))
	defer node.Close()
	c := control.NewClient(node.Listener.Addr().String(), control.ClientOptions{})
	_, err := c.Do(context.Background(), control.FenceRequest{Timeline: 3})
	var refusal *control.Error
	if !errors.As(err, &refusal) || refusal.HTTP != http.StatusConflict || !control.IsRefusal(err, "FencedAbove") || control.IsRefusal(err, "NotPrimary") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Census(context.Background()); err == nil || !strings.Contains(err.Error(), "not here") {
		t.Errorf("a foreign answer: %v", err)
	}
	node.Close()
	if _, err := c.Status(context.Background()); err == nil || control.IsRefusal(err) {
		t.Errorf("nobody listens: %v, want an error that is not a refusal", err)
	}
}

func TestWatch(t *testing.T) {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") != "true" {
			t.Error("not a watch")
		}
		for i := range 3 {
			json.NewEncoder(w).Encode(control.Status{Timeline: control.TimelineID(i + 1)})
			w.(http.Flusher).Flush()
		}
	}))
	defer node.Close()
	c := control.NewClient(node.Listener.Addr().String(), control.ClientOptions{})
	var heard []control.TimelineID
	err := c.Watch(context.Background(), func(s control.Status) { heard = append(heard, s.Timeline) })
	if !errors.Is(err, io.EOF) || !cmp.Equal(heard, []control.TimelineID{1, 2, 3}) {
		t.Errorf("heard %v, ended with %v", heard, err)
	}
}
