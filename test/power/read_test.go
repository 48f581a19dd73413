package power_test

import (
	"errors"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/disk"
)

// TestUnreadableLogIsNamed lets the disk fail to read log. The node must say which file and where in
// the log, change nothing, and work when the disk does.
func TestUnreadableLogIsNamed(t *testing.T) {
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := loaded(t, kind)
		m.node.Kill()
		m.remount(t)
		m.Disk.Fail(&disk.Fault{Op: disk.Read, Block: disk.IsLogPage, Err: syscall.EIO})
		err := m.node.Start()
		if err == nil {
			t.Fatal("it started without having read its log")
		}
		if !regexp.MustCompile(`record at 0/\w+: read page at 0/\w+: .*pg_wal/\w{24}: input/output error`).MatchString(m.node.Log()) {
			t.Errorf("the message does not name record, page and file: %s", m.node.Log())
		}
		if strings.Contains(m.node.Log(), "corrupt") {
			t.Errorf("a disk that cannot be read is no damaged log: %s", m.node.Log())
		}
		m.Disk.Heal()
		m.remount(t)
		must(t, m.node.Start())
		must(t, m.load.CheckRecovered(t.Context(), m.node.Connect))
	})
}

// TestAnUnreadablePageIsNamed lets the disk fail to read data pages to a node with an empty cache.
func TestAnUnreadablePageIsNamed(t *testing.T) {
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := loaded(t, kind)
		must(t, m.node.Stop())
		m.remount(t)
		must(t, m.node.Start())
		m.Disk.Fail(&disk.Fault{Op: disk.Read, Block: disk.IsDataPage, Err: syscall.EIO})
		conn, err := m.node.Connect(t.Context())
		must(t, err)
		defer conn.Close(t.Context())
		_, err = conn.Exec(t.Context(), "SELECT kv_get('c0-1')")
		if err == nil || !regexp.MustCompile(`base/5/12510\d.*input/output error`).MatchString(err.Error()) || !strings.Contains(err.Error(), "58030") {
			t.Errorf("reading gives %v, want SQLSTATE 58030 with the file's name", err)
		}
		m.Disk.Heal()
		must(t, m.load.Check(t.Context(), m.node.Connect))
	})
}

// TestAnUnreadablePageStopsRecovery lets the disk fail to read data pages to a node that recovers. The
// message must name the record too, and the node must work when the disk does.
func TestAnUnreadablePageStopsRecovery(t *testing.T) {
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := loaded(t, kind, "full_page_writes=off") // with images recovery reads no page
		conn, err := m.node.Connect(t.Context())
		must(t, err)
		_, err = conn.Exec(t.Context(), "CHECKPOINT")
		must(t, err)
		must(t, errors.Join(m.load.Run(m.node.Connect, 2, 10)...))
		m.node.Kill()
		m.remount(t)
		m.Disk.Fail(&disk.Fault{Op: disk.Read, Block: disk.IsDataPage, Err: syscall.EIO})
		err = m.node.Start()
		if err == nil {
			t.Fatal("it takes writes without having replayed its log")
		}
		if !regexp.MustCompile(`[0-9A-F]+/[0-9A-F]+.*base/5/125[12]0\d: input/output error`).MatchString(m.node.Log()) {
			t.Errorf("the message does not name record and file: %v", err)
		}
		m.node.Kill()
		m.Disk.Heal()
		must(t, m.node.Start())
		must(t, m.load.CheckRecovered(t.Context(), m.node.Connect))
	})
}
