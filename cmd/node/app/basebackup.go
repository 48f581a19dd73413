package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/basebackup"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func (a *app) basebackupCommand() *cobra.Command {
	var dir, conninfo, slot, label string
	var standby bool
	cmd := &cobra.Command{
		Use:   "basebackup -D DIR -d CONNINFO",
		Short: "Copy a running node's data directory, verified and durable",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := dataDir(dir)
			if err != nil {
				return err
			}
			return a.basebackup(cmd.Context(), dir, conninfo, slot, label, standby)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().StringVarP(&conninfo, "dbname", "d", "", "`CONNINFO` of the node to copy: \"host=… port=… user=…\"")
	cmd.Flags().BoolVarP(&standby, "write-recovery-conf", "R", false, "make the copy a standby of that node")
	cmd.Flags().StringVarP(&slot, "slot", "S", "", "create and use this replication `SLOT`")
	cmd.Flags().StringVarP(&label, "label", "l", "", "backup `LABEL`")
	return cmd
}

func (a *app) basebackup(ctx context.Context, dir, conninfo, slot, label string, standby bool) error {
	if conninfo == "" {
		return errors.New("no node to copy: say -d CONNINFO, as -d 'host=db-1 port=5432'")
	}
	c, err := node.ParseConninfo(conninfo)
	if err != nil {
		return err
	}
	secure, err := c.TLS(os.ReadFile, time.Now)
	if err != nil {
		return err
	}
	result, err := basebackup.Fetch(ctx, basebackup.FetchOptions{
		Upstream: replication.Upstream{
			Dial: func(ctx context.Context, addr string) (net.Conn, error) { return dial(ctx, "tcp", addr) },
			Addr: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), User: c.User, Password: c.Password, ApplicationName: "node basebackup", TLS: secure,
		},
		FS: vfs.OS(), Dir: filepath.ToSlash(dir), Label: label, Standby: standby, Slot: slot, Progress: a.progress(),
	})
	if err != nil {
		return err
	}
	if standby {
		if err := followUpstream(dir, conninfo, slot); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stdout, "copied %d bytes, timeline %d, log %s to %s\n", result.Bytes, result.Timeline, result.Start, result.Stop)
	return nil
}

// progress prints a line every few seconds.
func (a *app) progress() func(done, total int64) {
	last := time.Now()
	return func(done, total int64) {
		if time.Since(last) > 2*time.Second {
			last = time.Now()
			fmt.Fprintf(a.stderr, "%d of about %d MB\n", done>>20, total>>20)
		}
	}
}

// followUpstream appends to the copy's settings whom it follows; the last line of a name counts.
func followUpstream(dir, conninfo, slot string) error {
	name := filepath.Join(dir, node.ConfigFile)
	file, err := readConfig(dir, "")
	if err != nil {
		return err
	}
	text := string(file) + "\n# Added by node basebackup -R\nprimary_conninfo = " + config.Quote(conninfo) + "\n"
	if slot != "" {
		text += "primary_slot_name = " + config.Quote(slot) + "\n"
	}
	if err := vfs.WriteFile(vfs.OS(), name, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
