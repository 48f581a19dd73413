package binaries

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// FindSource finds this module from within the repository.
func FindSource(from string) (string, error) {
	for dir := from; ; dir = filepath.Dir(dir) {
		for _, candidate := range []string{dir, filepath.Join(dir, "test", "kube")} {
			text, _ := os.ReadFile(filepath.Join(candidate, "go.mod"))
			if strings.HasPrefix(string(text), "module github.com/redoubt-wal/redoubt/test/kube\n") {
				return candidate, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("the sources of the cluster's programs are not here: run this inside the repository")
		}
	}
}
