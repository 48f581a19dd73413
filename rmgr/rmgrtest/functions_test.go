package rmgrtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// The kit finds what a function does against its own declaration.
func TestSpoiltFunctionsAreFound(t *testing.T) {
	for says, c := range map[string]struct {
		call func(s rmgr.Session, args []any, row func(...any) error) error
		want string
	}{
		"Go's own int for an int8": {func(_ rmgr.Session, _ []any, row func(...any) error) error { return row(5) }, "Returned int at ordinal position 1, but query expects int64 (column n)"},
		"a column too many": {func(_ rmgr.Session, _ []any, row func(...any) error) error {
			return row(int64(5), int64(6))
		}, "Returned row contains 2 attributes, but query expects 1"},
		"a record with another's pages": {func(s rmgr.Session, _ []any, _ func(...any) error) error {
			_, err := s.Emit(rmgr.NewRecord{Rmgr: counterID, Main: make([]byte, 8), Blocks: []rmgr.NewBlock{{Rel: rmgr.Rel(251, 0), WillInit: true}}})
			return err
		}, "names relation 1663/5/125100, which is not its own"},
		"a record of another manager": {func(s rmgr.Session, _ []any, _ func(...any) error) error {
			_, err := s.Emit(rmgr.NewRecord{Rmgr: 198, Main: make([]byte, 8)})
			return err
		}, "declares that it writes records of resource manager 199 and emits one of 198"},
		"another's pages": {func(s rmgr.Session, _ []any, _ func(...any) error) error {
			_, err := s.Page(rmgr.Rel(251, 0), wal.ForkMain, 0, func([]byte) {})
			return err
		}, "looks at a page of relation 1663/5/125100, which is not one of resource manager 199"},
		"a record while it looks at a page": {func(s rmgr.Session, args []any, row func(...any) error) error {
			var emitted error
			there, err := s.Page(rmgr.Rel(counterID, 0), wal.ForkMain, 0, func([]byte) { _, emitted = emitAdd(s, false) })
			if err == nil && !there {
				_, emitted = emitAdd(s, true)
			}
			return errors.Join(err, emitted)
		}, "emits a record while it looks at a page"},
		"more pages than a record can name": {func(s rmgr.Session, _ []any, _ func(...any) error) error {
			rec := rmgr.NewRecord{Rmgr: counterID, Main: make([]byte, 8)}
			for i := range uint32(wal.MaxBlocks + 1) {
				rec.Blocks = append(rec.Blocks, rmgr.NewBlock{Rel: rmgr.Rel(counterID, 0), Block: i, WillInit: true})
			}
			_, err := s.Emit(rec)
			return err
		}, "names 34 blocks, at most 33 fit"},
		"a page twice": {func(s rmgr.Session, _ []any, _ func(...any) error) error {
			_, err := s.Emit(rmgr.NewRecord{Rmgr: counterID, Main: make([]byte, 8), Blocks: []rmgr.NewBlock{
				{Rel: rmgr.Rel(counterID, 0), WillInit: true}, {Rel: rmgr.Rel(counterID, 1), WillInit: true}, {Rel: rmgr.Rel(counterID, 0), WillInit: true}}})
			return err
		}, "names block 0 of relation 1663/5/119900 twice"},
		"a change of a page that it looks at": {func(s rmgr.Session, args []any, row func(...any) error) error {
			there, err := s.Page(rmgr.Rel(counterID, 0), wal.ForkMain, 0, func(p []byte) { p[24]++ })
			if err == nil && !there {
				_, err = emitAdd(s, true)
			}
			return err
		}, "changes block 0 of 1663/5/119900 while it looks at it"},
	} {
		t.Run(says, func(t *testing.T) {
			m := counterModule(sound())
			m.Functions[0].Returns = []rmgr.Column{{Name: "n", Type: rmgr.Int8}}
			m.Functions[0].Call = func(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
				return c.call(s, args, row)
			}
			if got := failures(m); !strings.Contains(got, c.want) {
				t.Errorf("the kit says %q, nothing of %q", got, c.want)
			}
		})
	}
}

// emitAdd writes a sound record.
func emitAdd(s rmgr.Session, fresh bool) (wal.LSN, error) {
	return s.Emit(rmgr.NewRecord{Rmgr: counterID, Main: make([]byte, 8), Blocks: []rmgr.NewBlock{{Rel: rmgr.Rel(counterID, 0), WillInit: fresh}}})
}

// withReader is a counter with a function that reads.
func withReader(call func(s rmgr.Session, args []any, row func(...any) error) error) rmgr.Module {
	m, id := counterModule(sound()), counterID
	m.Functions = append(m.Functions, rmgr.Function{Name: "value", Args: []rmgr.Column{{Name: "times", Type: rmgr.Int8}}, ReadsOf: &id,
		Returns: []rmgr.Column{{Name: "value", Type: rmgr.Int8}},
		Call: func(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
			return call(s, args, row)
		}})
	return m
}

// Functions that only read are called, too.
func TestSpoiltReadersAreFound(t *testing.T) {
	for says, c := range map[string]struct {
		call func(s rmgr.Session, args []any, row func(...any) error) error
		want string
	}{
		"Go's own int for an int8": {func(_ rmgr.Session, _ []any, row func(...any) error) error { return row(5) },
			"Returned int at ordinal position 1, but query expects int64 (column value)"},
		"no thought of NULL": {func(_ rmgr.Session, args []any, row func(...any) error) error { return row(args[0].(int64)) },
			"value([<nil>]) panicked"},
		"an error without SQLSTATE": {func(rmgr.Session, []any, func(...any) error) error { return errors.New("no") },
			"is not an *rmgr.Error"},
	} {
		t.Run(says, func(t *testing.T) {
			if got := failures(withReader(c.call)); !strings.Contains(got, c.want) {
				t.Errorf("the kit says %q, nothing of %q", got, c.want)
			}
		})
	}
}

// A function that declares nothing has no latch: what it sees of several pages need not belong together.
func TestAReaderThatDoesNotDeclareItIsFound(t *testing.T) {
	m := withReader(func(s rmgr.Session, _ []any, row func(...any) error) error {
		_, err := s.Page(rmgr.Rel(counterID, 0), wal.ForkMain, 0, func([]byte) {})
		return err
	})
	m.Functions[1].ReadsOf = nil
	_, err := NewEngine(m).Call("value", 1)
	if want := "function value looks at a page of relation 1663/5/119900 and does not declare whose pages it reads"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What was looked at is another page's, or nobody's, afterwards.
func TestAPageThatIsKeptIsWorthNothing(t *testing.T) {
	e := NewEngine(counterModule(sound()))
	if _, err := e.Call("add", 7); err != nil {
		t.Fatal(err)
	}
	var kept []byte
	if ok, err := e.Page(rmgr.Rel(counterID, 0), wal.ForkMain, 0, func(p []byte) { kept = p[24:25] }); !ok || err != nil || kept[0] == 7 {
		t.Errorf("%t, %v, and behind its back the page is still there: %d", ok, err, kept)
	}
}

// A page before one that was made earlier is there, and all zeros, as on a node.
func TestAHoleBetweenPagesIsZeros(t *testing.T) {
	e := NewEngine(counterModule(sound()))
	rel := rmgr.Rel(counterID, 0)
	if _, err := e.Emit(rmgr.NewRecord{Rmgr: counterID, Main: make([]byte, 8), Blocks: []rmgr.NewBlock{{Rel: rel, Block: 3, WillInit: true}}}); err != nil {
		t.Fatal(err)
	}
	for block, want := range map[uint32]bool{0: true, 2: true, 3: true, 4: false} {
		zeros := false
		ok, err := e.Page(rel, wal.ForkMain, block, func(p []byte) { zeros = len(p) == page.Size && page.IsNew(p) })
		if ok != want || zeros != (block < 3) || err != nil {
			t.Errorf("block %d: there: %t, zeros: %t, %v", block, ok, zeros, err)
		}
	}
}

// A writing function is called with arguments of every type, and with NULL unless it is strict.
func TestArbitraryHasArgumentsOfEveryType(t *testing.T) {
	for _, strict := range []bool{true, false} {
		m := counterModule(sound())
		f, add, nulls := &m.Functions[0], m.Functions[0].Call, 0
		f.Args, f.Strict = nil, strict
		for typ := rmgr.Text; typ <= rmgr.Timestamptz; typ++ {
			f.Args = append(f.Args, rmgr.Column{Name: "a", Type: typ})
		}
		f.Call = func(ctx context.Context, s rmgr.Session, args []any, row func(...any) error) error {
			for i, v := range args {
				if v == nil {
					nulls++
				}
				if !f.Args[i].Type.Holds(v) {
					return fmt.Errorf("argument %d is a %T", i, v)
				}
			}
			return add(ctx, s, []any{int64(1)}, row)
		}
		Run(t, m)
		if strict != (nulls == 0) {
			t.Errorf("strict: %t, and NULL was given %d times", strict, nulls)
		}
	}
}

// A variadic function is called with none, one and more of its last argument.
func TestArbitraryCallsVariadicFunctions(t *testing.T) {
	m := counterModule(sound())
	seen, add := map[int]bool{}, m.Functions[0].Call
	m.Functions[0].Variadic = true
	m.Functions[0].Call = func(ctx context.Context, s rmgr.Session, args []any, row func(...any) error) error {
		seen[len(args)] = true
		return add(ctx, s, append(args, int64(1)), row)
	}
	Run(t, m)
	for n := range 4 {
		if !seen[n] {
			t.Errorf("it was never called with %d arguments", n)
		}
	}
}
