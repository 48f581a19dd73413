package waldump

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Arguments are a command line's, as typed. The zero value asks for every record.
type Arguments struct {
	Path, Start, End, Timeline string
	Limit                      string
	Rmgrs                      []string
	Relation, Block, Fork, Xid string
	FullPage                   bool
	Stats                      string // "rmgr" or "record"; "": records themselves
	Details, Quiet, Follow     bool
	SaveFullPage               string
	Files                      []string // STARTSEG, ENDSEG
}

// Options say what to read and what to do with it.
type Options struct {
	Path       string  // where to look; "": pg_waldump's places
	Start, End wal.LSN // 0: not said
	Timeline   wal.TimelineID
	Files      []string

	Limit  int // 0: none
	Filter Filter

	Stats, StatsByRecord   bool
	Details, Quiet, Follow bool
	SaveFullPage           string // a directory; "": do not
}

// Options checks the arguments. Names of managers are looked up in table; "custom200" always stands for
// the one with that number.
func (a Arguments) Options(table *rmgr.Table) (Options, error) {
	o := Options{Path: a.Path, Files: a.Files, Details: a.Details, Quiet: a.Quiet, Follow: a.Follow, SaveFullPage: a.SaveFullPage}
	o.Filter.FullPage = a.FullPage
	if len(a.Files) > 2 {
		return o, badArgument(fmt.Errorf("too many command-line arguments (first is %q)", a.Files[2]))
	}
	for _, parse := range []func(*Options) error{a.positions, a.limit, a.stats, a.pages, func(o *Options) error { return a.managers(o, table) }} {
		if err := parse(&o); err != nil {
			return o, badArgument(err)
		}
	}
	return o, nil
}

// badArgument adds where to read more.
func badArgument(err error) error {
	bad := &rmgr.Error{Message: err.Error()}
	errors.As(err, &bad)
	bad.Hint = `Try "node waldump --help" for more information.`
	return bad
}

func (a Arguments) positions(o *Options) error {
	for _, p := range []struct {
		text string
		lsn  *wal.LSN
	}{{a.Start, &o.Start}, {a.End, &o.End}} {
		if p.text == "" {
			continue
		}
		lsn, err := wal.ParseLSN(p.text)
		if err != nil {
			return fmt.Errorf("invalid WAL location: %q", p.text)
		}
		*p.lsn = lsn
	}
	if a.Timeline != "" {
		n, err := strconv.ParseUint(a.Timeline, 0, 32) // 16 takes 0x too
		if err != nil || n == 0 {
			return fmt.Errorf("invalid timeline specification: %q", a.Timeline)
		}
		o.Timeline = wal.TimelineID(n)
	}
	return nil
}

func (a Arguments) limit(o *Options) error {
	if a.Limit == "" {
		return nil
	}
	n, err := strconv.Atoi(a.Limit)
	if err != nil {
		return fmt.Errorf("invalid value %q for option -n/--limit", a.Limit)
	}
	o.Limit = max(n, 0)
	return nil
}

func (a Arguments) stats(o *Options) error {
	switch a.Stats {
	case "":
		return nil
	case "rmgr", "record":
		o.Stats, o.StatsByRecord = true, a.Stats == "record"
		return nil
	}
	return fmt.Errorf("unrecognized value for option --stats: %s", a.Stats)
}

func (a Arguments) pages(o *Options) error {
	f := &o.Filter
	if a.Relation != "" {
		rel, ok := parseRelation(a.Relation)
		if !ok {
			return &rmgr.Error{Message: fmt.Sprintf("invalid relation specification: %q", a.Relation), Detail: "Expecting \"tablespace OID/database OID/relation filenode\"."}
		}
		f.Relation = &rel
	}
	if a.Block != "" {
		n, err := strconv.ParseUint(a.Block, 10, 32)
		if err != nil || n == 1<<32-1 {
			return fmt.Errorf("invalid block number: %q", a.Block)
		}
		block := uint32(n)
		f.Block = &block
	}
	if a.Block != "" && a.Relation == "" {
		return errors.New("option -B/--block requires option -R/--relation to be specified")
	}
	if a.Fork != "" {
		fork, ok := parseFork(a.Fork)
		if !ok {
			return fmt.Errorf("invalid fork name: %q", a.Fork)
		}
		f.Fork = &fork
	}
	if a.Xid != "" {
		n, err := strconv.ParseUint(a.Xid, 10, 32)
		if err != nil {
			return fmt.Errorf("invalid transaction ID specification: %q", a.Xid)
		}
		xid := uint32(n)
		f.Xid = &xid
	}
	return nil
}

func parseRelation(s string) (rel wal.RelFileLocator, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return rel, false
	}
	for i, field := range []*uint32{&rel.Spc, &rel.DB, &rel.Rel} {
		n, err := strconv.ParseUint(parts[i], 10, 32)
		if err != nil {
			return rel, false
		}
		*field = uint32(n)
	}
	return rel, rel.Spc != 0 && rel.Rel != 0
}

func parseFork(s string) (wal.ForkNumber, bool) {
	for fork := wal.ForkMain; fork <= wal.ForkInit; fork++ {
		if fork.String() == s {
			return fork, true
		}
	}
	return 0, false
}

func (a Arguments) managers(o *Options, table *rmgr.Table) error {
	for _, name := range a.Rmgrs {
		id, err := findManager(table, name)
		if err != nil {
			return err
		}
		if o.Filter.Rmgrs == nil {
			o.Filter.Rmgrs = &[256]bool{}
		}
		o.Filter.Rmgrs[id] = true
	}
	return nil
}

func findManager(table *rmgr.Table, name string) (wal.RmgrID, error) {
	var n int
	if got, _ := fmt.Sscanf(name, "custom%03d", &n); got == 1 {
		if n < int(wal.RmgrMinCustom) || n > int(wal.RmgrMaxCustom) {
			return 0, fmt.Errorf("custom resource manager %q does not exist", name)
		}
		return wal.RmgrID(n), nil
	}
	text := recordtext.Text{Table: table}
	for n := range 256 {
		if id := wal.RmgrID(n); id.Valid() && strings.EqualFold(text.Manager(id), name) {
			return id, nil
		}
	}
	return 0, fmt.Errorf("resource manager %q does not exist", name)
}
