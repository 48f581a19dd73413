package binaries

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// fingerprint sums up the module's sources, so that nothing needs to be asked
// of `go build`, which takes seconds to find that there is nothing to do.
func fingerprint(source string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.GOARCH, runtime.Version())
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !isInput(path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		fmt.Fprintln(sum, name, len(text))
		sum.Write(text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the sources of the cluster's programs: %w", err)
	}
	return fmt.Sprintf("%x\n", sum.Sum(nil)), nil
}

func isInput(path string) bool {
	switch filepath.Base(path) {
	case "go.mod", "go.sum":
		return true
	}
	return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
}
