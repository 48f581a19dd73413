package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// A table is printed with aligned columns.
type table struct{ w *tabwriter.Writer }

func newTable(out io.Writer, columns ...string) *table {
	t := &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.row(columns...)
	return t
}

func (t *table) end() { t.w.Flush() }

// row prints cells, each on one line: what an instance says may have been a program's log.
func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = strings.Join(strings.Fields(printable(cells[i])), " ")
	}
	fmt.Fprintln(t.w, "  "+strings.Join(cells, "\t"))
}

// printable takes out what a terminal would obey. Tabs and ends of lines stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// indented is a text whose lines after the first begin below it.
func indented(s, indent string) string {
	return strings.ReplaceAll(printable(s), "\n", "\n"+indent)
}

// or is s, or a dash where there is nothing to say.
func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// size prints bytes for people.
func size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(bytes), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
