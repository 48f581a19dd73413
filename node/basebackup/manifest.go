package basebackup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redoubt-wal/redoubt/wal"
)

// manifestName is the manifest's file in a backup.
const manifestName = "backup_manifest"

// A manifest is a backup_manifest of version 1: what files a backup has and what log it needs.
type manifest struct {
	Version int            `json:"PostgreSQL-Backup-Manifest-Version"`
	Files   []manifestFile `json:"Files"`
	Ranges  []walRange     `json:"WAL-Ranges"`
	Sum     string         `json:"Manifest-Checksum"`
}

type manifestFile struct {
	Path      string   `json:"Path,omitempty"`
	Encoded   string   `json:"Encoded-Path,omitempty"` // hexadecimal, for names that are not UTF-8
	Size      int64    `json:"Size"`
	Modified  string   `json:"Last-Modified"`
	Algorithm checksum `json:"Checksum-Algorithm,omitempty"`
	Checksum  string   `json:"Checksum,omitempty"`
}

type walRange struct {
	Timeline wal.TimelineID `json:"Timeline"`
	Start    wal.LSN        `json:"Start-LSN"`
	End      wal.LSN        `json:"End-LSN"`
}

const modifiedLayout = "2006-01-02 15:04:05 GMT"

// add lists a file.
func (m *manifest) add(name string, size int64, modified time.Time, algorithm checksum, sum string, inHex bool) {
	f := manifestFile{Path: name, Size: size, Modified: modified.UTC().Format(modifiedLayout)}
	if inHex || !utf8.ValidString(name) {
		f.Path, f.Encoded = "", hex.EncodeToString([]byte(name))
	}
	if algorithm != "NONE" {
		f.Algorithm, f.Checksum = algorithm, sum
	}
	m.Files = append(m.Files, f)
}

// rangesOf are the shares of the timelines of h in the log from start to stop.
func rangesOf(h wal.History, start, stop wal.LSN) (ranges []walRange) {
	for _, e := range h {
		from, to := max(start, e.Begin), stop
		if e.End != 0 {
			to = min(stop, e.End)
		}
		if from < to {
			ranges = append(ranges, walRange{e.Timeline, from, to})
		}
	}
	return ranges
}

// encode writes the manifest, a file on each line, as PostgreSQL does; the last line sums all before.
func (m *manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [")
	if err := writeLines(&b, m.Files); err != nil {
		return nil, err
	}
	b.WriteString("],\n\"WAL-Ranges\": [")
	if err := writeLines(&b, m.Ranges); err != nil {
		return nil, err
	}
	b.WriteString("],\n")
	fmt.Fprintf(&b, "\"Manifest-Checksum\": \"%x\"}\n", sha256.Sum256(b.Bytes()))
	return b.Bytes(), nil
}

func writeLines[T any](b *bytes.Buffer, items []T) error {
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		line, err := json.Marshal(item)
		if err != nil {
			return err
		}
		b.Write(line)
	}
	b.WriteByte('\n')
	return nil
}

// errManifest says that a backup and its manifest do not belong together, or the manifest is damaged.
var errManifest = errors.New("backup manifest")

// parseManifest reads a manifest and checks its own checksum.
func parseManifest(raw []byte) (*manifest, error) {
	last := bytes.LastIndex(raw, []byte("\n\"Manifest-Checksum\""))
	if last < 0 {
		return nil, fmt.Errorf("%w: it has no checksum", errManifest)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", errManifest, err)
	}
	if m.Version != 1 {
		return nil, fmt.Errorf("%w: version %d is not known", errManifest, m.Version)
	}
	if want := sha256.Sum256(raw[:last+1]); !strings.EqualFold(m.Sum, hex.EncodeToString(want[:])) {
		return nil, fmt.Errorf("%w: its checksum does not match", errManifest)
	}
	for i := range m.Files {
		f := &m.Files[i]
		if f.Encoded != "" {
			name, err := hex.DecodeString(f.Encoded)
			if err != nil {
				return nil, fmt.Errorf("%w: encoded path: %w", errManifest, err)
			}
			f.Path = string(name)
		}
	}
	return &m, nil
}

// A copied file is what the client knows of a file that it has written.
type copiedFile struct {
	size int64
	sum  string
}

// verify compares what was copied with the manifest. Of the log, and of nothing else, there may be
// files that it does not list.
func (m *manifest) verify(files map[string]copiedFile, algorithm checksum) error {
	listed := map[string]bool{}
	for _, f := range m.Files {
		if listed[f.Path] {
			return fmt.Errorf("%w: it lists %q twice", errManifest, f.Path)
		}
		listed[f.Path] = true
		got, ok := files[f.Path]
		switch {
		case !ok:
			return fmt.Errorf("%w: %q did not come", errManifest, f.Path)
		case got.size != f.Size:
			return fmt.Errorf("%w: %q has %d bytes, should have %d", errManifest, f.Path, got.size, f.Size)
		case f.Algorithm != algorithm:
			return fmt.Errorf("%w: %q is summed with %q, not with %q", errManifest, f.Path, f.Algorithm, algorithm)
		case !strings.EqualFold(got.sum, f.Checksum):
			return fmt.Errorf("%w: checksum of %q does not match", errManifest, f.Path)
		}
	}
	for name := range files {
		if !listed[name] && !strings.HasPrefix(name, "pg_wal/") {
			return fmt.Errorf("%w: it does not list %q", errManifest, name)
		}
	}
	return nil
}
