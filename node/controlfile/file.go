package controlfile

import (
	"fmt"
	"os"
	"path"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Name is where the file lies in a data directory.
const Name = "global/pg_control"

// Read reads the control file of a data directory.
func Read(fsys vfs.FS, dir string) (*File, error) {
	b, err := vfs.ReadFile(fsys, path.Join(dir, Name))
	if err != nil {
		return nil, fmt.Errorf("read pg_control: %w", err)
	}
	f, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path.Join(dir, Name), err)
	}
	return f, nil
}

// Write overwrites the control file in place; it is durable on return. After an error nobody knows
// what it holds: the node has to stop.
func Write(fsys vfs.FS, dir string, f *File) error {
	file, err := fsys.OpenFile(path.Join(dir, Name), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("write pg_control: %w", err)
	}
	defer file.Close()
	if _, err := file.WriteAt(f.Encode(), 0); err != nil {
		return fmt.Errorf("write pg_control: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync pg_control: %w", err)
	}
	return nil
}
