package hugepage

import "unsafe"

// Size is the size in bytes of the smallest huge pages of most processors.
const Size = 2 << 20

// Make is memory of size bytes, all zero. It begins with a huge page if it can be made of whole ones.
func Make(size int) []byte {
	if size%Size != 0 {
		return make([]byte, size)
	}
	b := make([]byte, size+Size)
	skip := toNext(b)
	b = b[skip : skip+size : skip+size]
	Prefer(b)
	return b
}

// Prefer asks for huge pages wherever whole ones fit into b. What b holds stays.
func Prefer(b []byte) {
	skip := toNext(b)
	if whole := (len(b) - skip) / Size * Size; whole > 0 {
		prefer(b[skip : skip+whole])
	}
}

// toNext is how far from b's beginning a huge page can begin.
func toNext(b []byte) int { return int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % Size) }
