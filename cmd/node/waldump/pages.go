package waldump

import (
	"github.com/redoubt-wal/redoubt/wal"
)

// bounded hands out the log up to end, behind which there is "not yet" any. As pg_waldump it wants whole
// pages of a file.
type bounded struct {
	src wal.PageSource
	end wal.LSN // 0: no bound
}

func (b bounded) ReadPages(page wal.LSN, need int) ([]byte, error) {
	if b.end != 0 && page+wal.LSN(need) > b.end {
		return nil, wal.ErrNotYet
	}
	need = (need + wal.PageSize - 1) &^ (wal.PageSize - 1)
	if b.end != 0 {
		need = min(need, int(b.end-page))
	}
	pages, err := b.src.ReadPages(page, need)
	n := len(pages) &^ (wal.PageSize - 1)
	if b.end != 0 && page+wal.LSN(len(pages)) >= b.end {
		n = int(b.end - page)
	}
	return pages[:n], err
}
