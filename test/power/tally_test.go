package power_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/disk"
	"github.com/redoubt-wal/redoubt/test/power/instance"
)

// A tally shows what a run has put the node through, so that one that met nothing is noticed.
type tally struct {
	cuts   [moments]int
	how    [disk.Survivals]int
	blocks disk.Loss
	acked  int
	checks int
}

func (y *tally) cut(when moment, how disk.Survival, loss disk.Loss, acked int) {
	y.cuts[when]++
	y.how[how]++
	y.blocks.Cached += loss.Cached
	y.blocks.Lost += loss.Lost
	y.blocks.Torn += loss.Torn
	if when == working {
		y.acked += acked
	}
}

func (y *tally) checked() { y.checks++ }

// report prints the tally; a run without acknowledged writes or without a loss has shown nothing.
func (y *tally) report(t *testing.T) {
	var b strings.Builder
	for w, n := range y.cuts {
		fmt.Fprintf(&b, "%d while %s, ", n, moment(w))
	}
	for h, n := range y.how {
		fmt.Fprintf(&b, "%s survived %d, ", disk.Survival(h), n)
	}
	t.Logf("cuts: %s%d checks of everything, %d writes acknowledged; of %d blocks not flushed %d were lost, %d torn",
		&b, y.checks, y.acked, y.blocks.Cached, y.blocks.Lost, y.blocks.Torn)
	if y.acked == 0 || y.blocks.Lost == 0 {
		t.Error("nothing was at risk: this run shows nothing")
	}
}

// checksums lets PostgreSQL's tools look at a directory that was left in order.
func (m *machine) checksums() error {
	out, _, err := instance.Postgres("pg_checksums", "--check", "-D", m.node.Data)
	if err == nil && !strings.Contains(out, "Bad checksums:  0") {
		err = fmt.Errorf("pg_checksums: %s", out)
	}
	return err
}

// keepImage keeps the disk as the last cut has left it (go test -artifacts).
func (m *machine) keepImage(t *testing.T) {
	f, err := os.Create(filepath.Join(t.ArtifactDir(), "disk.img"))
	must(t, err)
	defer f.Close()
	must(t, f.Truncate(m.Disk.Size()))
	must(t, m.Disk.WriteImage(f))
	t.Logf("the disk after the last cut: %s", f.Name())
}
