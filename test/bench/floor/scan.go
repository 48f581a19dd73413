package floor

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// WriteFile writes n copies of a record to a file that Scan reads.
func WriteFile(name string, p []byte, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	rec := binary.LittleEndian.AppendUint32(nil, uint32(len(p)))
	rec = binary.LittleEndian.AppendUint32(rec, crc32.Checksum(p, castagnoli))
	rec = append(rec, p...)
	for range n {
		if _, err := w.Write(rec); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), f.Sync(), f.Close())
}

// Scan reads a file of records, 512 KiB at a time, checks each record's checksum and counts them.
func Scan(name string) (records int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 512<<10)
	rest := 0
	for {
		n, err := f.Read(buf[rest:])
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		have := buf[:rest+n]
		for len(have) >= headerSize {
			size := int(binary.LittleEndian.Uint32(have))
			if len(have) < headerSize+size {
				break
			}
			if crc32.Checksum(have[headerSize:headerSize+size], castagnoli) != binary.LittleEndian.Uint32(have[4:]) {
				return records, errors.New("checksum differs")
			}
			have = have[headerSize+size:]
			records++
		}
		rest = copy(buf, have)
	}
}
