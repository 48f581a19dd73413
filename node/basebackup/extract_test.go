package basebackup_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// extract unpacks a tar file, compressed or not.
func extract(t *testing.T, file, to string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	archive := tar.NewReader(from)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		name := filepath.Join(to, h.Name)
		if err == nil && h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(name, 0o700)
		} else if err == nil {
			var out *os.File
			if out, err = os.Create(name); err == nil {
				_, err = io.Copy(out, archive)
				err = errors.Join(err, out.Close())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
