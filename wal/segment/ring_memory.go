package segment

import "unsafe"

// hugePage is the size of the smallest huge pages of most processors.
const hugePage = 2 << 20

// ringMemory is memory for the ring, made of huge pages if it is large enough and the kernel has them: each
// record goes to another place of it.
func ringMemory(size int) []byte {
	if size%hugePage != 0 {
		return make([]byte, size)
	}
	b := make([]byte, size+hugePage)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % hugePage)
	b = b[skip : skip+size : skip+size]
	preferHugePages(b)
	return b
}
