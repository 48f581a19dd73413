package pagedigest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// A Digest sums up the pages of one manager.
type Digest struct {
	ID    wal.RmgrID
	Name  string
	LSN   wal.LSN // of the newest page; 0 if there is none
	Pages int64   // that are not all zeros
	Sum   [sha256.Size]byte
}

// Pages are those of a node. [rmgr.Session] has these methods.
type Pages interface {
	Page(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, fn func(page []byte)) (ok bool, err error)
	Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error)
}

// relations is how many a manager may have (rmgr.Rel).
const relations = 100

// Of digests the pages of manager m, whose ID is id. Nobody may change them until it returns.
func Of(pages Pages, id wal.RmgrID, m rmgr.Manager) (Digest, error) {
	d := Digest{ID: id, Name: m.Name()}
	h := sha256.New()
	masked := make([]byte, page.Size)
	var where [9]byte
	for n := range uint32(relations) {
		rel := rmgr.Rel(id, n)
		for fork := wal.ForkMain; fork <= wal.ForkInit; fork++ {
			blocks, err := pages.Blocks(rel, fork)
			if err != nil {
				return d, fmt.Errorf("relation %s, fork %s: %w", rel, fork, err)
			}
			for block := range blocks {
				there := false
				_, err := pages.Page(rel, fork, block, func(contents []byte) {
					if there = !page.IsNew(contents); there {
						d.LSN = max(d.LSN, page.LSN(contents))
						copy(masked, contents)
					}
				})
				if err != nil {
					return d, fmt.Errorf("relation %s, fork %s, block %d: %w", rel, fork, block, err)
				}
				if !there {
					continue
				}
				d.Pages++
				if err := rmgr.Mask(m, masked, block); err != nil {
					return d, err
				}
				binary.LittleEndian.PutUint32(where[0:], rel.Rel)
				where[4] = byte(fork)
				binary.LittleEndian.PutUint32(where[5:], block)
				h.Write(where[:])
				h.Write(masked)
			}
		}
	}
	h.Sum(d.Sum[:0])
	return d, nil
}
