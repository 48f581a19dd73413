package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/test/identical"
)

// Identical compares the primary's pages with those of every standby that streams from it, once these
// have replayed all it has. It returns whom it compared, and how many pages each of them has.
func (c *Cluster) Identical() (compared []string, pages int, err error) {
	p, err := c.Primary.Await("primary", 5*time.Second, func(s control.Status) bool { return s.Role == control.RolePrimary })
	if err != nil {
		return nil, 0, err
	}
	rows := map[string][]identical.Row{}
	for _, m := range c.Machines {
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
		s, err := m.Control.Status(ctx)
		cancel()
		if err != nil || m != c.Primary && !s.Streaming {
			continue // dead, cut off, fenced or waiting: no replica just now
		}
		if m != c.Primary {
			if _, err := m.Await("caught up", time.Minute, func(s control.Status) bool { return s.ReplayLSN >= p.FlushLSN }); err != nil {
				return nil, 0, err
			}
		}
		if rows[m.Name], err = pageDigests(c.Net, m.Name); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", m.Name, err)
		}
		compared = append(compared, m.Name)
	}
	pages, err = identical.Compare(rows)
	return compared, pages, err
}

func pageDigests(n *Network, on string) ([]identical.Row, error) {
	client, err := Connect(context.Background(), n, "checker", on)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	rows, err := client.Query(identical.Query, time.Minute)
	return identical.Rows(rows), err
}
