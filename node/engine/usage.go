package engine

import (
	"syscall"
	"time"
)

// usage is the processor time that this process has used (PostgreSQL's PGRUsage).
type usage struct{ user, system time.Duration }

// usageNow is all zeros where the system does not tell.
func usageNow() usage {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return usage{}
	}
	return usage{time.Duration(r.Utime.Nano()), time.Duration(r.Stime.Nano())}
}

func (u usage) since(before usage) (user, system time.Duration) {
	return u.user - before.user, u.system - before.system
}
