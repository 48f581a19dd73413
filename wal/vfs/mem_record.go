package vfs

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"
)

type opKind int

const (
	opName    opKind = iota // a name is created, moved or removed
	opSyncDir               // a directory's names become durable
	opWrite
	opTruncate
	opSync
)

// An op is one change of the file system.
type op struct {
	kind opKind
	name nameOp
	node *memNode
	off  int64
	size int64
	data []byte // nil: zeros
}

// A nameOp moves node from one name to another; "" is nowhere. A directory takes along what is in it.
type nameOp struct {
	from, to string
	node     *memNode
}

func (n nameOp) apply(names map[string]*memNode) {
	if n.from != "" && names[n.from] == n.node {
		delete(names, n.from)
		if n.to != "" && n.node.dir {
			for name := range maps.Clone(names) {
				if moved, ok := n.moved(name); ok {
					names[moved] = names[name]
					delete(names, name)
				}
			}
		}
	}
	if n.to != "" {
		names[n.to] = n.node
	}
}

// moved is what a name inside the directory that n moves is called afterwards.
func (n nameOp) moved(name string) (string, bool) {
	if n.from == "" || n.to == "" || !n.node.dir || !strings.HasPrefix(name, n.from+"/") {
		return name, false
	}
	return n.to + strings.TrimPrefix(name, n.from), true
}

// recording is what Crash replays.
type recording struct {
	base *Mem
	ops  []op

	at    *Mem // base after the first done operations
	done  int
	nodes map[int]*memNode // of at, by id
}

// Record starts to remember every operation, for Ops and Crash; what was recorded before is forgotten.
func (m *Mem) Record() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rec = &recording{base: m.clone()}
}

// Ops is how many operations changed something since Record.
func (m *Mem) Ops() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rec == nil {
		return 0
	}
	return len(m.rec.ops)
}

// apply carries out one operation and remembers it. The caller holds mu.
func (m *Mem) apply(o op) {
	m.do(o)
	if m.rec == nil {
		return
	}
	if o.kind == opWrite {
		o.data = compact(o.data)
	}
	m.rec.ops = append(m.rec.ops, o)
}

// compact copies data, nil if it is all zeros.
func compact(data []byte) []byte {
	for rest := data; len(rest) > 0; rest = rest[min(len(rest), SectorSize):] {
		if n := min(len(rest), SectorSize); !bytes.Equal(rest[:n], zeroSector[:n]) {
			return bytes.Clone(data)
		}
	}
	return nil
}

func (m *Mem) do(o op) {
	switch o.kind {
	case opName:
		o.name.apply(m.nodes)
		for i := range m.pending { // what waits in a directory that moves is synced under its new name
			m.pending[i].from, _ = o.name.moved(m.pending[i].from)
			m.pending[i].to, _ = o.name.moved(m.pending[i].to)
		}
		m.pending = append(m.pending, o.name)
	case opSyncDir:
		m.pending = slices.DeleteFunc(m.pending, func(n nameOp) bool {
			mine := n.to != "" && path.Dir(n.to) == o.name.to || n.from != "" && path.Dir(n.from) == o.name.to
			if mine {
				n.apply(m.durable)
			}
			return mine
		})
	case opWrite:
		o.node.write(o.off, o.data, o.size)
	case opTruncate:
		o.node.truncate(o.size)
	case opSync:
		o.node.sync()
	}
}

// clone copies the file system, its recording and its locks excepted; nodes keep their ids.
func (m *Mem) clone() *Mem {
	out := NewMem()
	out.nextID = m.nextID
	copies := map[*memNode]*memNode{}
	for _, names := range []map[string]*memNode{m.nodes, m.durable} {
		for _, n := range names {
			copies[n] = nil
		}
	}
	for _, p := range m.pending {
		copies[p.node] = nil
	}
	for n := range copies {
		copies[n] = &memNode{id: n.id, dir: n.dir, perm: n.perm, content: n.clone()}
	}
	for name, n := range m.nodes {
		out.nodes[name] = copies[n]
	}
	for name, n := range m.durable {
		out.durable[name] = copies[n]
	}
	for _, p := range m.pending {
		out.pending = append(out.pending, nameOp{p.from, p.to, copies[p.node]})
	}
	return out
}

// replayed is the file system before operation n. It goes on from where the last call stopped if it can,
// so that trying all operations in order is not quadratic.
func (r *recording) replayed(n int) *Mem {
	if r.at == nil || r.done > n {
		r.at, r.done, r.nodes = r.base.clone(), 0, map[int]*memNode{}
		for _, names := range []map[string]*memNode{r.at.nodes, r.at.durable} {
			for node := range maps.Values(names) {
				r.nodes[node.id] = node
			}
		}
	}
	for ; r.done < n; r.done++ {
		o := r.ops[r.done]
		o.node, o.name.node = r.twin(o.node), r.twin(o.name.node)
		r.at.do(o)
	}
	return r.at
}

// twin is the copy of a recorded node.
func (r *recording) twin(n *memNode) *memNode {
	if n == nil {
		return nil
	}
	if r.nodes[n.id] == nil {
		r.nodes[n.id] = &memNode{id: n.id, dir: n.dir, perm: n.perm}
		r.at.nextID = max(r.at.nextID, n.id)
	}
	return r.nodes[n.id]
}
