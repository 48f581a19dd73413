package sql

import (
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

func (s *Session) discard(n *parser.Discard) (Tag, error) {
	tag := Tag{Verb: "DISCARD " + strings.ToUpper(n.What)}
	if n.What != "all" {
		return tag, nil
	}
	if s.tx.status == txOpen {
		return Tag{}, ereport.Errorf(ereport.CodeActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	clear(s.prepared)
	if err := s.reset(""); err != nil {
		return Tag{}, err
	}
	return tag, nil
}

func (s *Session) checkpoint() error {
	if s.engine.Checkpoint == nil {
		return ereport.Errorf(ereport.CodeNotSupported, "CHECKPOINT is not supported")
	}
	return s.engine.Checkpoint(s.exec.Context)
}

// createExtension answers as PostgreSQL does for a module that is loaded: there is nothing to do.
func (s *Session) createExtension(n *parser.CreateExtension, query string) error {
	switch s.engine.Catalog.Module(n.Name) {
	case catalog.ModuleLoaded:
		if n.IfNotExists {
			s.notice("NOTICE", ereport.Condition{Code: ereport.CodeDuplicateObject, Message: "extension \"" + n.Name + "\" already exists, skipping"})
		}
		return nil
	case catalog.ModuleOff:
		return ereport.Errorf("55000", "module \"%s\" is not loaded", n.Name).At(query, n.Pos).
			WithHint("List it in preload_modules (spec.modules of the WALCluster) and restart the node.")
	}
	return ereport.Errorf(ereport.CodeNotSupported, "extension \"%s\" is not available", n.Name).At(query, n.Pos).
		WithHint("This node was built without the module. Use an image that has it, and list it in preload_modules.")
}
