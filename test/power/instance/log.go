package instance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// An End is where a reader of the log stops: its last record, how many it has read, and why it goes no
// further.
type End struct {
	Last    string
	Records int
	Why     string
}

// LogEnds reads the log of a node that does not run from its redo point to the end, with the node's
// waldump and with PostgreSQL's.
func (n *Node) LogEnds() (ours, theirs End, err error) {
	control, _, err := Postgres("pg_controldata", n.Data)
	if err != nil {
		return ours, theirs, err
	}
	redo := regexp.MustCompile(`REDO location:\s+(\S+)\n.*REDO WAL file:\s+(\S+)\n`).FindStringSubmatch(control)
	if redo == nil {
		return ours, theirs, fmt.Errorf("pg_controldata names no redo point: %s", control)
	}
	dir := filepath.Join(n.Data, "pg_wal")
	last, err := lastSegment(dir)
	if err != nil {
		return ours, theirs, err
	}
	// Without names pg_waldump asks the first segment that it finds for the size, which may be one made
	// ahead, all zeros; without the second name it ends with the first's segment.
	args := []string{"-p", dir, "-s", redo[1], redo[2], last}
	stdout, stderr, err := n.Tool(append([]string{"waldump"}, args...)...)
	if ours = endOf(stdout, stderr); ours.Records == 0 {
		return ours, theirs, err
	}
	stdout, stderr, err = Postgres("pg_waldump", args...)
	if theirs = endOf(stdout, stderr); theirs.Records == 0 {
		return ours, theirs, err
	}
	return ours, theirs, nil // every log ends with an error: what it says is in Why
}

// lastSegment is the name of the last segment, which may be one made ahead.
func lastSegment(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	last := ""
	for _, e := range entries {
		if len(e.Name()) == 24 {
			last = e.Name()
		}
	}
	return last, err
}

var lsn = regexp.MustCompile(`lsn: (\S+),`)

func endOf(stdout, stderr string) End {
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	e := End{Records: len(lines)}
	if m := lsn.FindStringSubmatch(lines[len(lines)-1]); m != nil {
		e.Last = m[1]
	} else {
		e.Records = 0
	}
	_, e.Why, _ = strings.Cut(strings.TrimSpace(stderr), "error in WAL record at ")
	return e
}
