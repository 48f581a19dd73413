package basebackup

import (
	"context"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/replication"
)

// A Server answers BASE_BACKUP.
type Server struct {
	Engine *engine.Engine
	Now    func() time.Time
}

// Serve answers one BASE_BACKUP command, up to and without ReadyForQuery. It is what
// replication.Options.BaseBackup calls. An *rmgr.Error is a refusal for the client.
func (s *Server) Serve(ctx context.Context, c replication.Conn, cmd *replication.BaseBackup) error {
	panic("not yet")
}
