package rmgrdesc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/generic"
	"github.com/redoubt-wal/redoubt/rmgr/logicalmsg"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrdesc"
	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/wal"
)

// Every record that servers of PostgreSQL 15 to 18 wrote has the name that they give it; those of five
// managers also the description.
func TestNamesAndDescriptionsAreTheServers(t *testing.T) {
	golden.Each(t, func(t *testing.T, l *golden.Log) {
		p := rmgrdesc.Printer{Magic: golden.Magics[l.Major], Server: true}
		r, types := l.Reader(t), map[string]int{}
		for _, said := range l.Records(t) {
			rec, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			types[said.Manager+"/"+said.Type]++
			if got := rmgrdesc.Identify(rec.Rmgr, rec.Info, p.Magic); got != said.Type {
				t.Errorf("%s: %s, want %s/%s", rec.LSN, got, said.Manager, said.Type)
			}
			var b strings.Builder
			switch rec.Rmgr {
			case wal.RmgrLogicalMessage:
				logicalmsg.Manager{}.Describe(&b, rec)
			case wal.RmgrGeneric:
				generic.Manager{}.Describe(&b, rec)
			default:
				p.Describe(&b, rec)
			}
			if b.String() != said.Description {
				t.Errorf("%s: %s/%s\ngot  %s\nwant %s", rec.LSN, said.Manager, said.Type, b.String(), said.Description)
			}
		}
		if len(types) < 60 {
			t.Errorf("only %d types of records", len(types))
		}
	})
}

// The names of a manager do not depend on what the record carries.
func TestFlagsDoNotChangeAName(t *testing.T) {
	for id := range wal.RmgrMaxBuiltin + 1 {
		if rmgr.BuiltinName(id) == "" {
			t.Errorf("manager %d has no name", id)
		}
		for info := range 256 {
			if got, want := rmgrdesc.Identify(id, uint8(info), 0), rmgrdesc.Identify(id, uint8(info)&0xF0, 0); got != want {
				t.Errorf("manager %d, info %02X: %q, want %q", id, info, got, want)
			}
		}
	}
	if got := rmgrdesc.Identify(200, 0, 0); got != "" {
		t.Errorf("a custom manager's operation is %q", got)
	}
}

func FuzzDescribe(f *testing.F) {
	l := golden.Load(f, 18)
	r := l.Reader(f)
	seen := map[[2]uint8]bool{}
	for {
		rec, err := r.Next()
		if errors.Is(err, wal.ErrTornTail) {
			break
		}
		if err != nil {
			f.Fatal(err)
		}
		if key := [2]uint8{uint8(rec.Rmgr), rec.Op()}; rec.Rmgr <= wal.RmgrStandby && !seen[key] {
			seen[key] = true
			f.Add(uint8(rec.Rmgr), rec.Info, append([]byte(nil), rec.Main...), uint16(wal.PageMagic18))
		}
	}
	f.Fuzz(func(t *testing.T, id, info uint8, main []byte, magic uint16) {
		var b strings.Builder
		rec := &wal.Record{Rmgr: wal.RmgrID(id), Info: info, Main: main}
		rmgrdesc.Identify(rec.Rmgr, info, wal.PageMagic(magic))
		rmgrdesc.Printer{Magic: wal.PageMagic(magic)}.Describe(&b, rec)
		if len(b.String()) > 100+40*len(main) {
			t.Errorf("%d bytes of text for %d of record", b.Len(), len(main))
		}
	})
}
