package vfs

// StartSync asks the operating system to begin to write what f has to the disk now, so that a Sync later
// finds less to do. Nothing is durable by it, and an error of the disk is still Sync's to tell; its own
// error means that f is unusable. A file system that has nothing like it does nothing.
func StartSync(f File) error {
	if x, ok := f.(interface{ StartSync() error }); ok {
		return x.StartSync()
	}
	return nil
}

// StartSync is for the StartSync function.
func (f osFile) StartSync() error { return startSync(f.File) }

func (f *faultFile) StartSync() error {
	if err := f.fault.err(OpStartSync, f.Name()); err != nil {
		return err
	}
	return StartSync(f.File)
}
