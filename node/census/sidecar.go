package census

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"path"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// sidecar is the file beside a finished segment. On disk: fields are added, never renamed.
type sidecar struct {
	Census json.RawMessage `json:"census"`
	CRC    uint32          `json:"crc32c"` // of Census
}

type segmentCensus struct {
	Version  string                `json:"apiVersion"` // "redoubt.dev/census/v1"
	Segment  string                `json:"segment"`
	SystemID uint64                `json:"systemIdentifier,string"`
	Start    wal.LSN               `json:"start"`
	Records  []control.RecordCount `json:"records"`
	Modules  *modules.Snapshot     `json:"modules,omitempty"` // in force at the end
}

const version = "redoubt.dev/census/v1"

var errDamaged = errors.New("census file is damaged")

// SidecarName is the file of a segment's census, relative to pg_wal.
func SidecarName(segment string) string { return path.Join("archive_status", segment+sidecarSuffix) }

const sidecarSuffix = ".census"

func encodeSidecar(name string, system uint64, t *tally) ([]byte, error) {
	raw, err := json.Marshal(segmentCensus{
		Version: version, Segment: name, SystemID: system, Start: t.start, Records: list(t.counts), Modules: t.inForce,
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(sidecar{Census: raw, CRC: crc32.Checksum(raw, castagnoli)})
}

func decodeSidecar(b []byte, name string, system uint64) (*tally, error) {
	var file sidecar
	var seg segmentCensus
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("%w: %v", errDamaged, err)
	}
	if crc32.Checksum(file.Census, castagnoli) != file.CRC {
		return nil, fmt.Errorf("%w: checksum differs", errDamaged)
	}
	if err := json.Unmarshal(file.Census, &seg); err != nil {
		return nil, fmt.Errorf("%w: %v", errDamaged, err)
	}
	if seg.Version != version || seg.Segment != name || seg.SystemID != system {
		return nil, fmt.Errorf("%w: it is of segment %s, system %d, version %s", errDamaged, seg.Segment, seg.SystemID, seg.Version)
	}
	t := newTally(seg.Start)
	t.inForce, t.saved = seg.Modules, true
	for _, r := range seg.Records {
		t.counts[kind{wal.RmgrID(r.Rmgr), rmgr.Format(r.Format)}] = &r
	}
	return t, nil
}

// readSidecar returns a segment's kept tally; an error if there is none that can be trusted.
func readSidecar(fsys vfs.FS, dir, name string, system uint64) (*tally, error) {
	b, err := vfs.ReadFile(fsys, path.Join(dir, SidecarName(name)))
	if err != nil {
		return nil, err
	}
	return decodeSidecar(b, name, system)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
