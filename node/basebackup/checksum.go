package basebackup

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
)

// A checksum is the name of an algorithm of backup manifests.
type checksum string

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// new returns a hash; nil for NONE.
func (c checksum) new() (hash.Hash, error) {
	switch c {
	case "NONE", "":
		return nil, nil
	case "CRC32C":
		return littleCRC{crc32.New(castagnoli)}, nil
	case "SHA224":
		return sha256.New224(), nil
	case "SHA256":
		return sha256.New(), nil
	case "SHA384":
		return sha512.New384(), nil
	case "SHA512":
		return sha512.New(), nil
	}
	return nil, fmt.Errorf("unknown checksum algorithm %q", string(c))
}

// littleCRC sums as a manifest prints CRC-32C: the least significant byte first.
type littleCRC struct{ hash.Hash32 }

func (c littleCRC) Sum(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, c.Sum32()) }

// sum is a hash's value in a manifest's form.
func sum(h hash.Hash) string {
	if h == nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
