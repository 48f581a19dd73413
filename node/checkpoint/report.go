package checkpoint

import (
	"math"
	"time"
)

// A Report is what a checkpoint or restartpoint did: what PostgreSQL writes to its log with
// log_checkpoints.
type Report struct {
	Buffers int // pages written
	Pool    int // pages in the pool

	Added, Removed, Recycled int // segments of log

	Write, Sync, Total time.Duration
	Files              Files

	Distance, Estimate int64 // bytes of log since the checkpoint before, and as expected of the next
}

// Files counts the data files that were synced.
type Files struct {
	Count        int
	Longest, Sum time.Duration
}

// Add counts a file.
func (f *Files) Add(took time.Duration) {
	f.Count, f.Longest, f.Sum = f.Count+1, max(f.Longest, took), f.Sum+took
}

// Attributes are the facts as keys and values of a log line; times are in seconds, to the millisecond,
// sizes in kB, as PostgreSQL's.
func (r Report) Attributes() []any {
	average := time.Duration(0)
	if r.Files.Count > 0 {
		average = r.Files.Sum / time.Duration(r.Files.Count)
	}
	return []any{
		"buffers", r.Buffers, "buffersPercent", math.Round(1000*float64(r.Buffers)/float64(max(r.Pool, 1))) / 10,
		"walAdded", r.Added, "walRemoved", r.Removed, "walRecycled", r.Recycled,
		"write", seconds(r.Write), "sync", seconds(r.Sync), "total", seconds(r.Total),
		"syncFiles", r.Files.Count, "longest", seconds(r.Files.Longest), "average", seconds(average),
		"distanceKB", r.Distance >> 10, "estimateKB", r.Estimate >> 10,
	}
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
