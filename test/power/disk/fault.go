package disk

// An Op is a kind of request.
type Op int

const (
	Read Op = iota
	Write
	Flush
)

// A Fault makes requests fail.
type Fault struct {
	Op    Op
	Block func(b []byte) bool // a block that the request reads or writes; nil: any request. Not for Flush
	Times int                 // fail so often; 0: for ever
	Err   error

	hit int
}

// Fail adds a fault.
func (d *Disk) Fail(f *Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, f)
}

// Hits is how often a fault has struck.
func (d *Disk) Hits(f *Fault) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return f.hit
}

// Heal takes all faults away, and the planned power cut.
func (d *Disk) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults, d.cutAt = nil, 0
}

func (d *Disk) fault(op Op, at int64, p []byte) error {
	for _, f := range d.faults {
		if f.Op != op || f.Times != 0 && f.hit == f.Times || f.Block != nil && !touches(f.Block, at, p) {
			continue
		}
		f.hit++
		return f.Err
	}
	return nil
}

// touches reports whether a whole block of a request is such a one.
func touches(is func([]byte) bool, at int64, p []byte) bool {
	for i := int(-at & (BlockSize - 1)); i+BlockSize <= len(p); i += BlockSize {
		if is(p[i : i+BlockSize]) {
			return true
		}
	}
	return false
}
