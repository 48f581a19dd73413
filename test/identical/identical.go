// Package identical compares the pages of nodes that should be replicas of one another, at the end of
// every test that runs several: what [Query] answers has to be the same on each, page for page after
// masking (node/pagedigest).
package identical

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Query is asked on each node once it has replayed everything.
const Query = "SELECT rm_id, rm_name, lsn, pages, digest FROM redoubt_page_digests() ORDER BY rm_id"

// A Row is one of the answer's.
type Row struct {
	Manager, LSN, Pages, Digest string
}

// Rows reads the answer as the protocol gives it.
func Rows(answer [][]string) []Row {
	var rows []Row
	for _, r := range answer {
		rows = append(rows, Row{Manager: r[1], LSN: r[2], Pages: r[3], Digest: r[4]})
	}
	return rows
}

// Lines reads the answer as psql -At prints it.
func Lines(answer string) []Row {
	var fields [][]string
	for line := range strings.Lines(answer) {
		if parts := strings.Split(strings.TrimSpace(line), "|"); len(parts) == 5 {
			fields = append(fields, parts)
		}
	}
	return Rows(fields)
}

// Compare says how many pages each node has, or the first difference between two of them.
func Compare(nodes map[string][]Row) (pages int, err error) {
	names := slices.Sorted(maps.Keys(nodes))
	if len(names) < 2 {
		return 0, errors.New("there are no two nodes to compare")
	}
	first := nodes[names[0]]
	for _, name := range names[1:] {
		if err := compare(names[0], name, first, nodes[name]); err != nil {
			return 0, err
		}
	}
	for _, r := range first {
		n, err := strconv.Atoi(r.Pages)
		if err != nil {
			return 0, fmt.Errorf("pages of %s: %w", r.Manager, err)
		}
		pages += n
	}
	return pages, nil
}

func compare(a, b string, of, with []Row) error {
	for i := range max(len(of), len(with)) {
		var l, r Row
		if i < len(of) {
			l = of[i]
		}
		if i < len(with) {
			r = with[i]
		}
		switch {
		case l == r:
		case l.Manager == r.Manager && l.LSN != r.LSN:
			return fmt.Errorf("pages of %s: %s has them as of %s, %s as of %s: one is behind", l.Manager, a, l.LSN, b, r.LSN)
		default:
			return fmt.Errorf("pages differ: %s has %+v, %s has %+v", a, l, b, r)
		}
	}
	return nil
}
