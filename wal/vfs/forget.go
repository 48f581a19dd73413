package vfs

// Forget makes the operating system let go of what it holds of f in memory and what is on the disk
// already, so that the next read comes from the disk: after a failed fsync a read shows what was
// written, not what is there. A file system without such a memory has nothing to forget. It is advice:
// bytes that wait to be written stay.
func Forget(f File) error {
	if x, ok := f.(interface{ Forget() error }); ok {
		return x.Forget()
	}
	return nil
}

// Forget is for the Forget function.
func (f osFile) Forget() error { return forget(f.File) }

func (f *faultFile) Forget() error { return Forget(f.File) }
