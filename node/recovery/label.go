package recovery

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// LabelName is the file that says that a data directory is a base backup: recovery starts from what
// it says and not from pg_control, which may have been copied later.
const LabelName = "backup_label"

// A Label is the contents of backup_label.
type Label struct {
	Start       wal.LSN // redo point of the backup's checkpoint
	Checkpoint  wal.LSN // the checkpoint record
	Timeline    wal.TimelineID
	FromStandby bool
	StartTime   time.Time
	Label       string
}

// Encode writes the file, in PostgreSQL's order and words.
func (l Label) Encode(segSize uint64) []byte {
	from := "primary"
	if l.FromStandby {
		from = "standby"
	}
	return fmt.Appendf(nil, "START WAL LOCATION: %s (file %s)\nCHECKPOINT LOCATION: %s\nBACKUP METHOD: streamed\nBACKUP FROM: %s\nSTART TIME: %s\nLABEL: %s\nSTART TIMELINE: %d\n",
		l.Start, wal.SegmentName(l.Timeline, l.Start, segSize), l.Checkpoint, from,
		l.StartTime.UTC().Format("2006-01-02 15:04:05 UTC"), strings.ReplaceAll(l.Label, "\n", " "), l.Timeline)
}

// ParseLabel reads the file.
func ParseLabel(b []byte) (Label, error) {
	var l Label
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		key, value, ok := strings.Cut(s.Text(), ": ")
		if !ok {
			continue
		}
		if err := l.set(key, value); err != nil {
			return Label{}, fmt.Errorf("%s: %s: %w", LabelName, key, err)
		}
	}
	if l.Start == 0 || l.Checkpoint == 0 || l.Timeline == 0 {
		return Label{}, fmt.Errorf("%s lacks its start, its checkpoint or its timeline: take the backup again", LabelName)
	}
	return l, nil
}

func (l *Label) set(key, value string) (err error) {
	switch key {
	case "START WAL LOCATION":
		lsn, _, _ := strings.Cut(value, " ")
		l.Start, err = wal.ParseLSN(lsn)
	case "CHECKPOINT LOCATION":
		l.Checkpoint, err = wal.ParseLSN(value)
	case "START TIMELINE":
		_, err = fmt.Sscanf(value, "%d", &l.Timeline)
	case "BACKUP FROM":
		l.FromStandby = value == "standby"
	case "LABEL":
		l.Label = value
	}
	return err
}
