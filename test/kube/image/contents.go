package image

import (
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// Contents is what goes into an image.
type Contents struct {
	Binaries   []Binary
	Entrypoint string // default: the first binary
	User       int    // who runs it, and its group
}

// A Binary is a file to copy into an image.
type Binary struct {
	From string // a file here
	To   string // an absolute path in the image
}

// ParseBinary reads "FILE" or "FILE:/path/in/image".
func ParseBinary(arg string) (Binary, error) {
	from, to, given := strings.Cut(arg, ":")
	if !given {
		to = "/usr/local/bin/" + filepath.Base(from)
	}
	if from == "" || !path.IsAbs(to) || path.Clean(to) != to || to == "/" {
		return Binary{}, fmt.Errorf("binary %q: say FILE or FILE:/path/in/image", arg)
	}
	return Binary{from, to}, nil
}

func (c Contents) check() error {
	if len(c.Binaries) == 0 {
		return errors.New("an image needs at least one --binary")
	}
	for _, b := range c.Binaries {
		if err := checkStatic(b.From); err != nil {
			return err
		}
	}
	return nil
}

// checkStatic refuses what could not run: there is no loader in the image.
func checkStatic(file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return fmt.Errorf("read the binary %s: %w", file, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is linked dynamically and would not start in an image; build it with CGO_ENABLED=0", file)
		}
	}
	return nil
}
