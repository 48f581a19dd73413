package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// layer is the tar of the image's only layer, in the order of the paths.
func layer(c Contents) ([]byte, error) {
	files := map[string]entry{
		"etc/passwd": {mode: 0o644, text: passwd(c.User)},
		"etc/group":  {mode: 0o644, text: group(c.User)},
	}
	for _, b := range c.Binaries {
		files[strings.TrimPrefix(b.To, "/")] = entry{mode: 0o755, from: b.From}
	}
	directories := map[string]int64{"tmp": 0o1777, "home": 0o755}
	for name := range files {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, known := directories[dir]; !known {
				directories[dir] = 0o755
			}
		}
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(directories)) {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: directories[name]}); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := files[name].write(w, name); err != nil {
			return nil, fmt.Errorf("put %s into the image: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// An entry is a file of the layer: a text, or the contents of another file.
type entry struct {
	mode int64
	text string
	from string
}

func (e entry) write(w *tar.Writer, name string) error {
	contents := []byte(e.text)
	if e.from != "" {
		var err error
		if contents, err = os.ReadFile(e.from); err != nil {
			return err
		}
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: e.mode, Size: int64(len(contents))}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(w, bytes.NewReader(contents))
	return err
}

func passwd(user int) string {
	text := "root:x:0:0:root:/:/sbin/nologin\n"
	if user != 0 {
		text += fmt.Sprintf("app:x:%d:%d:app:/home:/sbin/nologin\n", user, user)
	}
	return text
}

func group(user int) string {
	text := "root:x:0:\n"
	if user != 0 {
		text += fmt.Sprintf("app:x:%d:\n", user)
	}
	return text
}
