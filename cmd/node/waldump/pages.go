package waldump

import (
	"github.com/redoubt-wal/redoubt/wal"
)

// bounded hands out the log up to end, behind which there is "not yet" any.
type bounded struct {
	src wal.PageSource
	end wal.LSN // 0: no bound
}

func (b bounded) ReadPages(page wal.LSN, need int) ([]byte, error) {
	if b.end != 0 && page+wal.LSN(need) > b.end {
		return nil, wal.ErrNotYet
	}
	pages, err := b.src.ReadPages(page, need)
	if b.end != 0 && err == nil && page+wal.LSN(len(pages)) > b.end {
		pages = pages[:b.end-page]
	}
	return pages, err
}
