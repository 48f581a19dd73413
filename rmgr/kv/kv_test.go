package kv_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
)

func TestConformance(t *testing.T)   { rmgrtest.Run(t, kv.Module) }
func TestConformance12(t *testing.T) { rmgrtest.Run(t, kv.Module12) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, kv.Module) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, kv.Module) }
