package basebackup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func sample(t testing.TB) []byte {
	t.Helper()
	m := manifest{Ranges: []walRange{{1, 0x2000028, 0x2000100}}}
	when := time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC)
	h, _ := checksum("CRC32C").new()
	io.WriteString(h, "15\n")
	m.add("PG_VERSION", 3, when, "CRC32C", sum(h), false)
	m.add("na\xffme", 0, when, "NONE", "", false)
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestManifest(t *testing.T) {
	text := sample(t)
	want := `{ "PostgreSQL-Backup-Manifest-Version": 1,
"Files": [
{"Path":"PG_VERSION","Size":3,"Last-Modified":"2022-01-02 03:04:05 GMT","Checksum-Algorithm":"CRC32C","Checksum":"8a744722"},
{"Encoded-Path":"6e61ff6d65","Size":0,"Last-Modified":"2022-01-02 03:04:05 GMT"}
],
"WAL-Ranges": [
{"Timeline":1,"Start-LSN":"0/2000028","End-LSN":"0/2000100"}
],
`
	if got, _, _ := strings.Cut(string(text), `"Manifest-Checksum"`); got != want {
		t.Error(cmp.Diff(want, got))
	}
	m, err := parseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]copiedFile{"PG_VERSION": {3, "8a744722"}, "pg_wal/x": {}}
	m.Files = m.Files[:1]
	if err := m.verify(files, "CRC32C"); err != nil {
		t.Error(err)
	}
	for sentence, files := range map[string]map[string]copiedFile{
		"a file is missing":   {},
		"a file is shorter":   {"PG_VERSION": {2, "8a744722"}},
		"a file differs":      {"PG_VERSION": {3, "00000000"}},
		"a file is not in it": {"PG_VERSION": {3, "8a744722"}, "more": {}},
	} {
		if m.verify(files, "CRC32C") == nil {
			t.Errorf("%s: accepted", sentence)
		}
	}
	for i := range text[:len(text)-2] { // the last byte is a newline
		damaged := bytes.Clone(text)
		damaged[i] ^= 0x01
		if m, err := parseManifest(damaged); err == nil && !bytes.Contains(text[i:], []byte("\n\"Manifest-Checksum")) {
			continue // case of a hexadecimal digit, or the like, behind what is summed
		} else if err == nil {
			t.Errorf("byte %d damaged: accepted as %+v", i, m)
		}
	}
}

func TestRangesOf(t *testing.T) {
	h := wal.NewHistory(1).Fork(2, 100, "").Fork(3, 200, "")
	got := rangesOf(h, 50, 250)
	if diff := cmp.Diff([]walRange{{1, 50, 100}, {2, 100, 200}, {3, 200, 250}}, got); diff != "" {
		t.Error(diff)
	}
}

// play gives the messages of a backup one after another.
func play(messages ...[]byte) *incoming {
	sent := 0
	return &incoming{progress: func(int64) {}, next: func() (pgproto3.BackendMessage, error) {
		sent++
		switch {
		case sent == 1:
			return &pgproto3.CopyOutResponse{}, nil
		case sent-2 < len(messages):
			return &pgproto3.CopyData{Data: messages[sent-2]}, nil
		case sent-2 == len(messages):
			return &pgproto3.CopyDone{}, nil
		default:
			return nil, io.EOF
		}
	}}
}

// archiveOf is a tar with the headers; regular files hold their names.
func archiveOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(h.Name))
		}
		h.Mode = 0o600
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			io.WriteString(w, h.Name)
		}
	}
	w.Close()
	return b.Bytes()
}

func emptyDir(t testing.TB) *directory {
	t.Helper()
	d := &directory{fs: vfs.NewMem(), root: "copy.tmp"}
	if err := d.begin(); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWhatACopyRefuses(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	for _, row := range []struct {
		sentence string
		headers  []tar.Header
		fine     bool
	}{
		{"files and directories", []tar.Header{{Typeflag: tar.TypeDir, Name: "base/"}, file("base/1"), file("./global/pg_control")}, true},
		{"a path upwards", []tar.Header{file("../evil")}, false},
		{"a path upwards in the middle", []tar.Header{file("base/../../evil")}, false},
		{"an absolute path", []tar.Header{file("/etc/passwd")}, false},
		{"a symbolic link", []tar.Header{{Typeflag: tar.TypeSymlink, Name: "pg_wal", Linkname: "/tmp"}}, false},
		{"a hard link", []tar.Header{file("a"), {Typeflag: tar.TypeLink, Name: "b", Linkname: "a"}}, false},
		{"a device", []tar.Header{{Typeflag: tar.TypeChar, Name: "null"}}, false},
		{"a file twice", []tar.Header{file("a"), file("a")}, false},
		{"a file in the place of a directory", []tar.Header{file("a"), file("a/b")}, false},
		{"a file that makes it a standby", []tar.Header{file("standby.signal")}, false},
		{"a manifest", []tar.Header{file("backup_manifest")}, false},
		{"the directory itself", []tar.Header{file(".")}, false},
	} {
		in := play([]byte("nbase.tar\x00\x00"), append([]byte("d"), archiveOf(t, row.headers...)...), []byte("m"), []byte("d{}"))
		d := emptyDir(t)
		text, err := in.run(t.Context(), d)
		if (err == nil) != row.fine {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if row.fine && (string(text) != "{}" || len(d.files) != 2) {
			t.Errorf("%s: manifest %q, files %v", row.sentence, text, d.files)
		}
	}
}

func TestABackupInTinyPiecesIsTheSame(t *testing.T) {
	all := archiveOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "a"}, tar.Header{Typeflag: tar.TypeReg, Name: "b/c"})
	messages := [][]byte{[]byte("nbase.tar\x00\x00")}
	for i, b := range all {
		messages = append(messages, []byte{'d', b})
		if i%100 == 0 {
			messages = append(messages, binary.BigEndian.AppendUint64([]byte("p"), uint64(i)), []byte("d"))
		}
	}
	d := emptyDir(t)
	if _, err := play(append(messages, []byte("m"), []byte("d{"), []byte("d}"))...).run(t.Context(), d); err != nil || len(d.files) != 2 {
		t.Errorf("%v, files %v", err, d.files)
	}
}

// FuzzIncoming feeds a hostile stream: pieces of it, cut by the fuzzer, are the messages.
func FuzzIncoming(f *testing.F) {
	f.Add([]byte("nbase.tar\x00\x00"), append([]byte("d"), archiveOf(f, tar.Header{Typeflag: tar.TypeReg, Name: "a"})...), []byte("m"), []byte("d{}"))
	f.Add([]byte("nbase.tar\x00\x00"), append([]byte("d"), archiveOf(f, tar.Header{Typeflag: tar.TypeDir, Name: "../a/"})...), []byte("p1"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b, c, d []byte) {
		into := emptyDir(t)
		play(a, b, c, d).run(t.Context(), into)
		entries, err := into.fs.ReadDir(".")
		if err != nil || len(entries) != 1 || entries[0].Name() != "copy.tmp" {
			t.Errorf("beside the copy there is %v, %v", entries, err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		if last := bytes.LastIndex(text, []byte("\n\"Manifest-Checksum\"")); last >= 0 { // a right one, or nothing is ever parsed
			text = fmt.Appendf(bytes.Clone(text[:last+1]), "\"Manifest-Checksum\": \"%x\"}\n", sha256.Sum256(text[:last+1]))
		}
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		m.verify(map[string]copiedFile{"PG_VERSION": {}}, "CRC32C")
		if _, err := m.encode(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
