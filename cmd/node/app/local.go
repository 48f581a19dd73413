package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node"
)

// A localCall is a command that speaks to the node that runs on a data directory, through the socket
// beside it.
type localCall struct {
	use, short string
	path       string
	body       any
}

func (a *app) localCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, c := range []localCall{
		{"promote", "Promote a standby to primary, on a new timeline", node.PathPromoteHere, nil},
		{"checkpoint", "Make a checkpoint now and wait for it", control.PathCheckpoint, control.CheckpointRequest{Wait: true}},
		{"reload", "Read the settings file again", node.PathReload, nil},
	} {
		var dir string
		cmd := &cobra.Command{Use: c.use + " -D DIR", Short: c.short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := callLocal(cmd.Context(), dir, http.MethodPost, c.path, c.body)
			return err
		}}
		dirFlag(cmd, &dir)
		out = append(out, cmd)
	}
	return append(out, a.stopCommand(), a.statusCommand(), a.waitCommand())
}

func (a *app) statusCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{Use: "status -D DIR", Short: "Print what the running node says of itself, as JSON", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		raw, err := callLocal(cmd.Context(), dir, http.MethodGet, control.PathStatus, nil)
		if err != nil {
			return err
		}
		var status control.Status
		if err := json.Unmarshal(raw, &status); err != nil {
			return fmt.Errorf("read the node's answer: %w", err)
		}
		return printAs(a.stdout, "json", status, nil)
	}}
	dirFlag(cmd, &dir)
	return cmd
}

func (a *app) waitCommand() *cobra.Command {
	var dir string
	var timeout time.Duration
	cmd := &cobra.Command{Use: "wait -D DIR", Short: "Wait until the node that is starting can be used", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if _, err := dataDir(dir); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		last := "it does not answer"
		for {
			if raw, err := callLocal(ctx, dir, http.MethodGet, control.PathStatus, nil); err == nil {
				var s control.Status
				if err := json.Unmarshal(raw, &s); err != nil {
					return fmt.Errorf("read the node's answer: %w", err)
				}
				if s.OpenWrites || s.Streaming {
					return nil
				}
				last = fmt.Sprintf("it is %s: %s", s.Role, s.Message)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the node is not ready after %s: %s", timeout, last)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}}
	dirFlag(cmd, &dir)
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to wait")
	return cmd
}

func (a *app) stopCommand() *cobra.Command {
	var dir string
	var timeout time.Duration
	cmd := &cobra.Command{Use: "stop -D DIR", Short: "Stop the running node and wait until it has ended", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		if _, err := callLocal(ctx, dir, http.MethodPost, node.PathStop, nil); err != nil {
			return err
		}
		for {
			if _, err := callLocal(ctx, dir, http.MethodGet, control.PathStatus, nil); err != nil && ctx.Err() == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the node has not stopped within %s", timeout)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}}
	dirFlag(cmd, &dir)
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to wait")
	return cmd
}

func callLocal(ctx context.Context, dir, method, path string, body any) ([]byte, error) {
	dir, err := dataDir(dir)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", dir+node.LocalSocket)
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, method, "http://node"+path, strings.NewReader(string(payload)))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no node is running on %s (%w)", dir, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return answer, nil
	}
	var refusal control.Error
	if json.Unmarshal(answer, &refusal) == nil && refusal.Code != "" {
		return nil, &refusal
	}
	return nil, fmt.Errorf("%s", strings.TrimSpace(string(answer)))
}
