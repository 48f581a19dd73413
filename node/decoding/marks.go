package decoding

import (
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
)

// marks say from where decoding can begin again. Each MODULES record adds one: whoever has confirmed
// up to it needs the log only from the last MODULES record in front of the transactions open there.
// Any goroutine may call its methods.
type marks struct {
	mu      sync.Mutex
	start   wal.LSN   // where this decoding began
	modules []wal.LSN // MODULES records met that may still be restarted from
	list    []mark
}

type mark struct{ confirmed, restart wal.LSN }

// add notes a MODULES record at an LSN while the oldest open transaction began at oldest.
func (m *marks) add(at, oldest wal.LSN) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.modules = append(m.modules, at)
	restart := m.start
	for _, lsn := range m.modules {
		if lsn <= oldest {
			restart = lsn
		}
	}
	m.list = append(m.list, mark{at, restart})
	for len(m.modules) > 1 && m.modules[1] <= restart {
		m.modules = m.modules[1:]
	}
}

// restart is where to begin once everything up to confirmed was taken.
func (m *marks) restart(confirmed wal.LSN) wal.LSN {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.list) > 0 && m.list[0].confirmed <= confirmed {
		m.start = max(m.start, m.list[0].restart)
		m.list = m.list[1:]
	}
	return m.start
}
