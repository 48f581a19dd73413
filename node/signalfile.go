package node

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// StandbySignal is the file whose presence makes an unmanaged node a standby. It is empty, but while the node is
// being promoted: then it names the timeline, so that after a crash the promotion has happened or it has not.
//
//	empty ──► promoting to timeline 5 ──► log on 5 ──► writes ──► no file
//	                    │ a crash here: a standby still
//	                                          │ here, or later: the primary on 5
const StandbySignal = "standby.signal"

const promoting = "promoting to timeline %d\n"

func (n *Node) signalFile() string { return path.Join(n.opts.Dir, StandbySignal) }

// isStandby reports whether the directory is a standby's, and finishes or forgets a promotion that a crash cut off.
func (n *Node) isStandby() (bool, error) {
	text, err := vfs.ReadFile(n.opts.FS, n.signalFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", StandbySignal, err)
	}
	var tli wal.TimelineID
	if _, err := fmt.Sscanf(string(text), promoting, &tli); err != nil {
		return true, nil // whatever else is in it, as in PostgreSQL
	}
	if tli == n.promises.Owned() && tli == n.current().local.engine.Positions().Timeline {
		return false, n.removeSignal()
	}
	return true, n.notPromoting()
}

// promotingTo notes, before the log begins timeline tli, that the file means nothing on it.
func (n *Node) promotingTo(tli wal.TimelineID) error {
	return n.writeSignal(fmt.Sprintf(promoting, tli))
}

// notPromoting takes promotingTo back: somebody else may begin the timeline, and be followed.
func (n *Node) notPromoting() error { return n.writeSignal("") }

// writeSignal changes the file's text, if there is a file.
func (n *Node) writeSignal(text string) error {
	there, err := vfs.Exists(n.opts.FS, n.signalFile())
	if err == nil && there {
		err = vfs.WriteFile(n.opts.FS, n.signalFile(), []byte(text), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", StandbySignal, err)
	}
	return nil
}

func (n *Node) removeSignal() error {
	err := n.opts.FS.Remove(n.signalFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, n.opts.FS.SyncDir(n.opts.Dir))
}
