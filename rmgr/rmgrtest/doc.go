// Package rmgrtest is the conformance test that every module passes, and the small engine in memory
// that it runs on.
//
//	func TestConformance(t *testing.T) { rmgrtest.Run(t, kv.Module) }
//	func FuzzRedo(f *testing.F)        { rmgrtest.FuzzRedo(f, kv.Module) }
//	func FuzzDescribe(f *testing.F)    { rmgrtest.FuzzDescribe(f, kv.Module) }
//	func BenchmarkRedo(b *testing.B)   { rmgrtest.BenchmarkRedo(b, kv.Module) }
//
// An [Engine] does what a node does around a manager and nothing else: it applies each new record by
// Redo to copies of its pages and keeps record and copies only if that succeeded; it replays its log
// into other pages ([Pages.Apply]). It has no files, no buffers and no concurrency.
package rmgrtest
