package waldump

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/wal"
)

// statistics prints a row for each manager, or for each kind of record.
func (d *dump) statistics(start wal.LSN) {
	all := d.tally.Total
	fmt.Fprintf(d.w, "WAL statistics between %s and %s:\n", start, d.end)
	d.headings("Type", "N", "(%)", "Record size", "(%)", "FPI size", "(%)", "Combined size", "(%)")
	d.headings("----", "-", "---", "-----------", "---", "--------", "---", "-------------", "---")
	for _, row := range d.tally.Rows(&d.text, d.o.StatsByRecord) {
		d.row(row, all)
	}
	fmt.Fprintf(d.w, "%-27s %20s %8s %20s %8s %20s %8s %20s\n", "", "--------", "", "--------", "", "--------", "", "--------")

	// Shares above are of a column's total, shares here of all bytes.
	fmt.Fprintf(d.w, "%-27s %20d %-9s%20d %-9s%20d %-9s%20d %-6s\n", "Total", all.Records, "",
		all.Size, fmt.Sprintf("[%.02f%%]", percent(all.Size, all.Combined())),
		all.Images, fmt.Sprintf("[%.02f%%]", percent(all.Images, all.Combined())), all.Combined(), "[100%]")
}

func (d *dump) headings(words ...any) {
	fmt.Fprintf(d.w, "%-27s %20s %8s %20s %8s %20s %8s %20s %8s\n", words...)
}

func (d *dump) row(r recordtext.Row, all recordtext.Count) {
	fmt.Fprintf(d.w, "%-27s %20d (%6.02f) %20d (%6.02f) %20d (%6.02f) %20d (%6.02f)\n", r.Name, r.Records, percent(r.Records, all.Records),
		r.Size, percent(r.Size, all.Size), r.Images, percent(r.Images, all.Images), r.Combined(), percent(r.Combined(), all.Combined()))
}

func percent(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}
