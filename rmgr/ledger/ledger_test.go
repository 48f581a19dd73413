package ledger_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
)

func TestConformance(t *testing.T) { rmgrtest.Run(t, ledger.Module) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, ledger.Module) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, ledger.Module) }
