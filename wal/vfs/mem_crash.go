package vfs

import (
	"fmt"
	"maps"
	"path"
	"slices"
)

// Variants is how many outcomes of a power cut are told apart by default:
//
//	0 nothing unsynced is left           4 of each file's unsynced sectors the first half
//	1 all of it is                       5 the second half: later bytes without earlier ones
//	2 all names, no bytes                6 every other sector   7 the others
//	3 all bytes, no names                8–11 a coin for each sector
//
// From 4 on, of the names not made durable the first few survive. Variants 12+k keep the first k+1
// unsynced sectors of each file and all names: each place a write can tear at.
const Variants = 12

// Crash returns a new file system with what a power cut before recorded operation number op may leave
// (op = Ops(): after the last). Deterministic: the same op and variant give the same disk. Everything
// on it is durable; nothing is open or locked.
func (m *Mem) Crash(op, variant int) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rec == nil || op > len(m.rec.ops) {
		panic(fmt.Sprintf("vfs: crash before operation %d, which was not recorded", op))
	}
	return m.rec.replayed(op).cut(variant)
}

// PowerCut is Crash after the last operation; it needs no Record, and leaves m as it is.
func (m *Mem) PowerCut(variant int) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clone().cut(variant)
}

func (m *Mem) cut(variant int) *Mem {
	names := maps.Clone(m.durable)
	for _, n := range m.pending[:survivingNames(variant, len(m.pending))] {
		n.apply(names)
	}
	dropOrphans(names)
	out := NewMem()
	out.nextID = m.nextID
	left := map[*memNode]*memNode{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		if left[n] == nil {
			left[n] = &memNode{id: n.id, dir: n.dir, perm: n.perm}
			left[n].content = n.survivors(func(i, of int, sector int64) bool {
				return sectorSurvives(variant, n.id, i, of, sector)
			}, sizeSurvives(variant, n.id))
		}
		out.nodes[name], out.durable[name] = left[n], left[n]
	}
	return out
}

// dropOrphans removes names whose directory did not survive.
func dropOrphans(names map[string]*memNode) {
	for _, name := range slices.Sorted(maps.Keys(names)) { // parents come first
		dir := path.Dir(name)
		if parent := names[dir]; !isRoot(dir) && (parent == nil || !parent.dir) {
			delete(names, name)
		}
	}
}

func survivingNames(variant, n int) int {
	switch {
	case variant == 0 || variant == 3:
		return 0
	case variant == 1 || variant == 2 || variant >= Variants:
		return n
	}
	return int(hash(variant, 0, 0) % uint64(n+1))
}

func sizeSurvives(variant, id int) bool {
	switch variant {
	case 0, 2:
		return false
	case 8, 9, 10, 11:
		return hash(variant, id, -1)&1 == 0
	}
	return true
}

func sectorSurvives(variant, id, i, of int, sector int64) bool {
	switch variant {
	case 0, 2:
		return false
	case 1, 3:
		return true
	case 4:
		return i < of/2
	case 5:
		return i >= of/2
	case 6, 7:
		return i%2 == variant-6
	case 8, 9, 10, 11:
		return hash(variant, id, sector)&1 == 0
	}
	return i <= variant-Variants
}

// hash is splitmix64 over its arguments: a coin that always falls the same way.
func hash(variant, id int, sector int64) uint64 {
	z := uint64(variant)*0x9E3779B97F4A7C15 + uint64(id)*0xBF58476D1CE4E5B9 + uint64(sector)*0x94D049BB133111EB
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
