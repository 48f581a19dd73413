package replication

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// An Identity is the answer to IDENTIFY_SYSTEM.
type Identity struct {
	SystemID uint64
	Timeline wal.TimelineID // of the log that the server writes or replays now
	End      wal.LSN        // how far its log may be streamed
}

// Rows reads one result set up to its CommandComplete. A nil field is NULL.
func (c *Client) Rows() (rows [][][]byte, err error) {
	for {
		m, err := c.receive()
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.RowDescription, *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		case *pgproto3.DataRow:
			row := make([][]byte, len(m.Values))
			for i, v := range m.Values {
				if v != nil {
					row[i] = append([]byte{}, v...)
				}
			}
			rows = append(rows, row)
		case *pgproto3.CommandComplete:
			return rows, nil
		default:
			return nil, fmt.Errorf("unexpected message %T in a result", m)
		}
	}
}

// Ready reads up to ReadyForQuery.
func (c *Client) Ready() error {
	for {
		m, err := c.receive()
		if err != nil {
			return err
		}
		switch m.(type) {
		case *pgproto3.ReadyForQuery:
			return nil
		case *pgproto3.CommandComplete, *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		default:
			return fmt.Errorf("unexpected message %T after a result", m)
		}
	}
}

// Query sends a command with one result set and returns its rows. After a refusal by the server,
// which is an *rmgr.Error, the connection can still be used.
func (c *Client) Query(command string) ([][][]byte, error) {
	if err := c.Send(command); err != nil {
		return nil, err
	}
	rows, err := c.Rows()
	var refusal *rmgr.Error
	if err != nil && !errors.As(err, &refusal) {
		return nil, err
	}
	return rows, errors.Join(err, c.Ready())
}

// Identify asks who the server is.
func (c *Client) Identify() (Identity, error) {
	rows, err := c.Query("IDENTIFY_SYSTEM")
	if err != nil {
		return Identity{}, fmt.Errorf("identify upstream: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) < 3 {
		return Identity{}, errors.New("identify upstream: the answer has not the expected form")
	}
	id, errID := strconv.ParseUint(string(rows[0][0]), 10, 64)
	tli, errTLI := strconv.ParseUint(string(rows[0][1]), 10, 32)
	end, errEnd := wal.ParseLSN(string(rows[0][2]))
	if err := errors.Join(errID, errTLI, errEnd); err != nil {
		return Identity{}, fmt.Errorf("identify upstream: %w", err)
	}
	return Identity{SystemID: id, Timeline: wal.TimelineID(tli), End: end}, nil
}

// History fetches the history file of a timeline.
func (c *Client) History(tli wal.TimelineID) ([]byte, error) {
	rows, err := c.Query(fmt.Sprintf("TIMELINE_HISTORY %d", tli))
	if err != nil {
		return nil, fmt.Errorf("fetch history of timeline %d: %w", tli, err)
	}
	if len(rows) != 1 || len(rows[0]) != 2 || string(rows[0][0]) != wal.HistoryName(tli) {
		return nil, fmt.Errorf("fetch history of timeline %d: the answer has not the expected form", tli)
	}
	return rows[0][1], nil
}

// Command sends a command without a result set.
func (c *Client) Command(command string) error {
	_, err := c.Query(command)
	return err
}
