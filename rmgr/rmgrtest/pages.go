package rmgrtest

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// A PageKey names one page.
type PageKey struct {
	Rel   wal.RelFileLocator
	Fork  wal.ForkNumber
	Block uint32
}

// Pages are the data pages of one instance. The bytes of a page are never changed in place: a change
// puts a new slice, so a clone of the map is a snapshot.
type Pages map[PageKey][]byte

// Clone is a snapshot.
func (p Pages) Clone() Pages { return maps.Clone(p) }

// blocks is the size of a relation's fork in pages.
func (p Pages) blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (n uint32) {
	for k := range p {
		if k.Rel == rel && k.Fork == fork {
			n = max(n, k.Block+1)
		}
	}
	return n
}

// An Entry is a record of the log with the format that was in force.
type Entry struct {
	Record wal.Record
	Format rmgr.Format
}

// A Signal is what a record asked of the process that replays it.
type Signal struct {
	Number int
	Reason string
}

// Apply replays one record. On an error no page has changed. signals may be nil.
func (p Pages) Apply(m rmgr.Manager, e Entry, signals *[]Signal) error {
	return p.redo(m, &redoContext{pages: p, format: e.Format, replaying: true, signals: signals}, &e.Record, e.Record.End)
}

// redo applies rec, which ends at end.
func (p Pages) redo(m rmgr.Manager, ctx *redoContext, rec *wal.Record, end wal.LSN) error {
	if err := rmgr.Redo(m, ctx, rec); err != nil {
		return err
	}
	for _, s := range ctx.staged {
		if s.action != rmgr.NeedsRedo && !bytes.Equal(s.old, s.now) {
			return fmt.Errorf("rmgrtest: Redo of %s changes block %d, which already has the change", m.Identify(rec.Info), s.key.Block)
		}
	}
	if err := ctx.keptAll(m, rec); err != nil {
		return err
	}
	if err := ctx.sound(m, rec); err != nil {
		return err
	}
	for _, s := range ctx.staged {
		if s.action == rmgr.Done {
			continue
		}
		page.SetLSN(s.now, end)
		p[s.key] = s.now
	}
	return nil
}

// sound refuses, as the engine does, a new record that leaves a page which could not be read again.
func (c *redoContext) sound(m rmgr.Manager, rec *wal.Record) error {
	for _, s := range c.staged {
		if err := page.CheckHeader(s.now); err != nil && !c.replaying {
			return fmt.Errorf("rmgrtest: %s of %s leaves block %d with %w", m.Identify(rec.Info), m.Name(), s.key.Block, err)
		}
	}
	return nil
}

// A staged page is a copy that Redo may change.
type staged struct {
	id       uint8
	key      PageKey
	old, now []byte
	action   rmgr.RedoAction
	fresh    bool // made by the record
}

type redoContext struct {
	pages     Pages
	format    rmgr.Format
	replaying bool
	force     bool               // pages always need redo, whatever their LSN
	others    func(PageKey) bool // pages that somebody else redoes; nil: none
	signals   *[]Signal
	log       *slog.Logger
	staged    []staged
	kept      []kept
}

var _ rmgr.RedoContext = (*redoContext)(nil)

func (c *redoContext) Format() rmgr.Format { return c.format }
func (c *redoContext) Replaying() bool     { return c.replaying }

func (c *redoContext) Log() *slog.Logger {
	if c.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.log
}

func (c *redoContext) Signal(sig int, reason string) error {
	if c.signals != nil {
		*c.signals = append(*c.signals, Signal{sig, reason})
	}
	return nil
}

func (c *redoContext) Block(rec *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	for _, s := range c.staged {
		if s.id == id {
			return s.now, s.action, nil
		}
	}
	i := slices.IndexFunc(rec.Blocks, func(b wal.BlockRef) bool { return b.ID == id })
	if i < 0 {
		return nil, 0, fmt.Errorf("rmgrtest: record at %s has no block reference %d", rec.LSN, id)
	}
	ref := &rec.Blocks[i]
	key := PageKey{ref.Rel, ref.Fork, ref.Block}
	if c.others != nil && c.others(key) {
		return nil, rmgr.Done, nil
	}
	old, exists := c.pages[key]
	s := staged{id: id, key: key, action: rmgr.NeedsRedo}
	switch {
	case ref.Apply():
		s.now, s.action = bytes.Clone(ref.Image), rmgr.Restored
	case ref.WillInit:
		s.now, s.fresh = make([]byte, page.Size), true
	case !exists && c.replaying:
		return nil, rmgr.NotFound, nil
	case !exists:
		return nil, 0, fmt.Errorf("rmgrtest: block %d of %s does not exist and the record does not make it", ref.Block, ref.Rel)
	case c.replaying && page.LSN(old) >= rec.End && !c.force:
		s.now, s.action = bytes.Clone(old), rmgr.Done
	default:
		s.now = bytes.Clone(old)
	}
	s.now = s.now[:len(s.now):len(s.now)]
	s.old = bytes.Clone(s.now)
	c.staged = append(c.staged, s)
	return s.now, s.action, nil
}

// changed names a page that is not as it was handed out.
func (c *redoContext) changed() (PageKey, bool) {
	for _, s := range c.staged {
		if !bytes.Equal(s.old, s.now) {
			return s.key, true
		}
	}
	return PageKey{}, false
}
