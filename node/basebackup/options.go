package basebackup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A request is what the options of a BASE_BACKUP ask for.
type request struct {
	label    string
	progress bool
	fast     bool
	wal      bool
	maxRate  int64 // bytes a second; 0: as fast as it goes
	manifest bool
	hex      bool // all names in the manifest in hexadecimal
	checksum checksum
	gzip     bool
	level    int
}

// maxLabel is PostgreSQL's MAXPGPATH.
const maxLabel = 1024

// valued are the options that mean nothing without a value.
var valued = []string{
	"label", "checkpoint", "max_rate", "manifest", "manifest_checksums", "target", "target_detail", "compression", "compression_detail",
}

// parse reads the options. Each may be given once.
func parse(options []replication.Option) (request, error) {
	r := request{label: "base backup", checksum: "CRC32C"}
	given := map[string]string{}
	for _, o := range options {
		if _, twice := given[o.Name]; twice {
			return r, syntax("duplicate option %q", o.Name)
		}
		if !o.Given && slices.Contains(valued, o.Name) {
			return r, syntax("%s requires a parameter", o.Name)
		}
		given[o.Name] = o.Value
		if err := r.set(o); err != nil {
			return r, err
		}
	}
	if _, ok := given["manifest_checksums"]; ok && !r.manifest {
		return r, syntax("manifest checksums require a backup manifest")
	}
	if _, ok := given["target_detail"]; ok {
		if target, ok := given["target"]; ok {
			return r, syntax("target %q does not accept a target detail", target)
		}
		return r, syntax("target detail cannot be used without target")
	}
	if detail, ok := given["compression_detail"]; ok {
		if !r.gzip {
			return r, syntax("compression detail cannot be specified unless compression is enabled")
		}
		level, err := strconv.Atoi(strings.TrimPrefix(detail, "level="))
		if err != nil || level < 1 || level > 9 {
			return r, syntax("invalid compression specification: compression algorithm \"gzip\" expects a compression level between 1 and 9")
		}
		r.level = level
	}
	return r, nil
}

func (r *request) set(o replication.Option) (err error) {
	switch o.Name {
	case "label":
		if r.label = o.Value; len(r.label) > maxLabel {
			return &rmgr.Error{Code: "22023", Message: fmt.Sprintf("backup label too long (max %d bytes)", maxLabel)}
		}
	case "progress":
		r.progress, err = o.Bool()
	case "checkpoint":
		if o.Value != "fast" && o.Value != "spread" {
			return syntax("unrecognized checkpoint type: %q", o.Value)
		}
		r.fast = o.Value == "fast"
	case "wal":
		r.wal, err = o.Bool()
	case "wait", "tablespace_map", "verify_checksums": // nothing to wait for, to map or to choose
		_, err = o.Bool()
	case "max_rate":
		rate, convErr := strconv.ParseInt(o.Value, 10, 64)
		if convErr != nil {
			return syntax("max_rate requires a numeric value")
		}
		if rate < 32 || rate > 1048576 {
			return &rmgr.Error{Code: "22003", Message: fmt.Sprintf("%s is outside the valid range for parameter %q (32 .. 1048576)", o.Value, "MAX_RATE")}
		}
		r.maxRate = rate << 10
	case "manifest":
		switch o.Value {
		case "yes", "force-encode":
			r.manifest, r.hex = true, o.Value == "force-encode"
		case "no":
		default:
			return syntax("unrecognized manifest option: %q", o.Value)
		}
	case "manifest_checksums":
		r.checksum = checksum(strings.ToUpper(o.Value))
		if _, err := r.checksum.new(); err != nil {
			return syntax("unrecognized checksum algorithm: %q", o.Value)
		}
	case "target":
		if o.Value != "client" {
			return &rmgr.Error{Code: "0A000", Message: fmt.Sprintf("backups can go to the client only, not to target %q", o.Value)}
		}
	case "target_detail", "compression_detail": // looked at together with what they belong to
	case "compression":
		switch o.Value {
		case "none", "gzip":
			r.gzip, r.level = o.Value == "gzip", 6
		case "lz4", "zstd":
			return &rmgr.Error{Code: "0A000", Message: fmt.Sprintf("this server does not compress with %q", o.Value), Hint: "Use gzip, or compress on the client."}
		default:
			return syntax("unrecognized compression algorithm: %q", o.Value)
		}
	default:
		return syntax("unrecognized base backup option: %q", o.Name)
	}
	return err
}

func syntax(format string, args ...any) error {
	return &rmgr.Error{Code: "42601", Message: fmt.Sprintf(format, args...)}
}
