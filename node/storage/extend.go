package storage

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// atOnce is how many pages are added by one write at most.
const atOnce = 64

var zeros [atOnce * page.Size]byte

// Extend adds pages of zeros until the relation has blocks of them. It writes them, so that the room
// is taken now and not when the page is written back. A large relation gets room for up to an eighth
// more at the same time, which Blocks counts once it is asked for, or after the next start.
func (s *Store) Extend(rel wal.RelFileLocator, fk wal.ForkNumber, blocks uint32) error {
	s.extending.Lock() // a page that was added twice would lose what was written to it between
	defer s.extending.Unlock()
	have, err := s.Blocks(rel, fk)
	if err != nil || blocks <= have {
		return err
	}
	k := fork{rel, fk}
	s.mu.Lock()
	room := s.room[k]
	s.mu.Unlock()
	if room < blocks {
		ahead := blocks + min(blocks/8, atOnce-1)
		if s.addRoom(k, room, ahead) != nil { // the disk may have room for what is needed
			err = s.addRoom(k, room, blocks)
		}
	}
	if err != nil {
		return fmt.Errorf("extend relation %s to %d blocks: %w", rel, blocks, err)
	}
	s.setBlocks(k, blocks)
	return nil
}

// addRoom writes pages of zeros from block from up to block to.
func (s *Store) addRoom(k fork, from, to uint32) error {
	for from < to {
		f, err := s.file(k.rel, k.fork, from/segmentBlocks, true)
		if err != nil {
			return err
		}
		n := min(to-from, segmentBlocks-from%segmentBlocks, atOnce)
		_, err = f.WriteAt(zeros[:n*page.Size], offset(from))
		s.touch(f)
		if err != nil {
			return err
		}
		from += n
		s.mu.Lock()
		s.room[k] = from
		s.mu.Unlock()
	}
	return nil
}
