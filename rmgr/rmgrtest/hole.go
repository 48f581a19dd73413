package rmgrtest

import (
	"bytes"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/page"
)

// emptyHoles looks for pages with something between pd_lower and pd_upper. An image of such a page is
// as large as the page, and nobody compares what is there: masking blanks it.
func emptyHoles(t testing.TB, e *Engine) {
	for key, p := range e.Pages {
		lower, upper := page.Lower(p), page.Upper(p)
		if lower < page.HeaderSize || lower >= upper || upper > page.Size {
			continue
		}
		if kept := bytes.TrimLeft(p[lower:upper], "\x00"); len(kept) != 0 {
			t.Errorf("block %d of %s: byte %d, between pd_lower %d and pd_upper %d, is not zero: raise pd_lower over what the page holds (page.SetLower) and clear what it gives up",
				key.Block, key.Rel, upper-len(kept), lower, upper)
		}
	}
}
