package segment_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var (
	lives     = flag.Int("lives", 25, "how many lives TestLivesOfALog tells")
	livesSeed = flag.Uint64("lives-seed", 1, "of the first of them; each has one more than the one before")
)

// A log lives through whatever chance brings: records of all sizes, flushes, segment switches, checkpoints that
// give up old segments, background tasks that come late or never, kills, and power cuts between any two
// operations on the disk, also of a recovery; a full disk; timelines; a standby that receives, crashes, and takes over. Beside
// it stands a list of the records that were inserted. What is durable is read again, each record in its place,
// and nothing that a crash has taken comes back.
func TestLivesOfALog(t *testing.T) {
	for i := range uint64(*lives) {
		seed := *livesSeed + i
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			l := begin(t, seed)
			for range 150 {
				l.act()
			}
			l.crash()
		})
	}
}

// A life is a log and the list of its records.
type life struct {
	t     *testing.T
	seed  uint64
	rng   *rand.Rand
	trace []string
	b     wal.Builder

	primary *member
	standby *member // nil: there is none

	inserted    []lived // and not lost
	acked       int     // so many of them are durable
	again       []int   // sizes of records that were lost and are to be inserted once more
	incarnation int     // counts crashes: says which of two records of the same number was lost
	timelines   wal.TimelineID
}

// A lived record is in the log, or was.
type lived struct {
	incarnation int
	size        int // of its payload
	start, end  wal.LSN
}

// A member is one node's disk, and the log on it.
type member struct {
	disk    *vfs.Mem
	fault   *vfs.Fault // through which the log sees it
	options segment.Options
	log     *segment.Log
	tasks   []func() // of the log, that have not run yet
	history wal.History
	redo    mark
}

// A mark is a place in the log, and how many records come before it.
type mark struct {
	at      wal.LSN
	records int
}

// acts are what may happen, and how often.
var acts = []struct {
	weight int
	what   func(*life)
}{
	{30, func(l *life) { l.insert(l.rng.IntN(300)) }},
	{10, func(l *life) { l.insert(wal.PageSize - 1200 + l.rng.IntN(3000)) }},
	{8, func(l *life) { l.insert(l.rng.IntN(400_000)) }},
	{2, func(l *life) { l.insert(l.rng.IntN(2_500_000)) }},
	{12, (*life).flush},
	{8, (*life).runTasks},
	{4, (*life).checkpoint},
	{3, (*life).switchSegment},
	{2, (*life).fillDisk},
	{2, (*life).fillSegment},
	{2, (*life).changeRoles},
	{5, (*life).crash},
	{2, (*life).burst},
	{8, (*life).ship},
	{1, (*life).failOver},
	{4, (*life).look},
}

func (l *life) act() {
	l.primary.disk.Record() // of a power cut in the midst of what comes now
	sum := 0
	for _, a := range acts {
		sum += a.weight
	}
	n := l.rng.IntN(sum)
	for _, a := range acts {
		if n -= a.weight; n < 0 {
			a.what(l)
			return
		}
	}
}

func begin(t *testing.T, seed uint64) *life {
	l := &life{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), timelines: 1}
	start := wal.LSN(mib)
	if l.chance(5) {
		start = 1<<32 - 2*mib
	}
	l.primary = &member{disk: vfs.NewMem(), options: l.options(), history: wal.NewHistory(1), redo: mark{start, 0}}
	l.open(l.primary)
	l.must(l.primary.log.StartInsert(start, 0, 1))
	l.insert(10)
	l.primary.redo.at = l.inserted[0].start
	l.primary.log.SetRedoPointer(l.primary.redo.at)
	l.flush()
	return l
}

// chance is true once in n times.
func (l *life) chance(n int) bool { return l.rng.IntN(n) == 0 }

func (l *life) options() segment.Options {
	return segment.Options{
		Dir: "pg_wal", SegmentSize: mib, SystemID: system, BufferSize: 16 << 10 << l.rng.IntN(5),
		MinSize: int64(1+l.rng.IntN(4)) * mib, MaxSize: int64(2+l.rng.IntN(5)) * mib,
		NoRecycle: l.chance(6), NoZero: l.chance(6),
	}
}

// open starts a member's process. The one before was killed, its background tasks with it.
func (l *life) open(m *member) {
	m.tasks = nil
	o := m.options
	m.fault = vfs.NewFault(m.disk)
	o.FS = m.fault
	o.Go = func(task func()) { m.tasks = append(m.tasks, task) }
	o.MaySwitch = func(insert func()) {
		if !l.chance(3) {
			insert()
		}
	}
	var err error
	m.log, err = segment.Open(o)
	l.must(err)
}

func (l *life) say(format string, args ...any) {
	l.trace = append(l.trace, fmt.Sprintf(format, args...))
}

func (l *life) must(err error) {
	if err != nil {
		l.t.Helper()
		l.fatalf("%v", err)
	}
}

func (l *life) fatalf(format string, args ...any) {
	l.t.Helper()
	for _, line := range l.trace[max(0, len(l.trace)-40):] {
		l.t.Log(line)
	}
	l.t.Fatalf("%s\nonce more: go test ./wal/segment -run TestLivesOfALog -lives 1 -lives-seed %d", fmt.Sprintf(format, args...), l.seed)
}
