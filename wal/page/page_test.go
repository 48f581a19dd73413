package page_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/page"
)

func TestAFreshPageIsValid(t *testing.T) {
	p := make([]byte, page.Size)
	if err := page.Verify(p, 3); err != nil || !page.IsNew(p) {
		t.Errorf("a page of zeros: new %t, %v", page.IsNew(p), err)
	}
	page.Init(p, 13)
	page.SetLSN(p, 0x1_0000_0028)
	page.SetChecksum(p, 3)
	if err := page.Verify(p, 3); err != nil {
		t.Error(err)
	}
	if page.LSN(p) != 0x1_0000_0028 || page.Lower(p) != 24 || page.Upper(p) != 8176 || page.Special(p) != 8176 {
		t.Errorf("lsn %s, lower %d, upper %d, special %d", page.LSN(p), page.Lower(p), page.Upper(p), page.Special(p))
	}
}

func TestDamageIsNoticed(t *testing.T) {
	for name, damage := range map[string]func(p []byte){
		"a flipped bit":              func(p []byte) { p[5000] ^= 0x10 },
		"half of another page":       func(p []byte) { clear(p[4096:]) },
		"the first sector is zeroed": func(p []byte) { clear(p[:512]) },
		"lower behind upper":         func(p []byte) { page.SetLower(p, 5000); page.SetUpper(p, 4000); page.SetChecksum(p, 7) },
	} {
		t.Run(name, func(t *testing.T) {
			p := make([]byte, page.Size)
			page.Init(p, 0)
			for i := 4000; i < len(p); i++ {
				p[i] = byte(i)
			}
			page.SetChecksum(p, 7)
			damage(p)
			if err := page.Verify(p, 7); !errors.Is(err, page.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
	p := make([]byte, page.Size)
	page.Init(p, 0)
	page.SetChecksum(p, 7)
	if page.Verify(p, 8) == nil {
		t.Error("a page in another block's place was accepted")
	}
}

// TestChecksumsArePostgreSQLs verifies every page of a new cluster that initdb made.
func TestChecksumsArePostgreSQLs(t *testing.T) {
	dir := newCluster(t)
	relation := regexp.MustCompile(`^\d+(_\w+)?$`)
	pages := 0
	err := filepath.WalkDir(dir+"/base", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !relation.MatchString(d.Name()) {
			return err
		}
		data, err := os.ReadFile(name)
		for n := 0; n*page.Size < len(data); n++ {
			p := data[n*page.Size : (n+1)*page.Size]
			if err := page.Verify(p, uint32(n)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			pages++
		}
		return err
	})
	if err != nil || pages < 1000 {
		t.Errorf("%d pages were checked, %v", pages, err)
	}
}

func newCluster(t *testing.T) string {
	t.Helper()
	const initdb = "/usr/lib/postgresql/15/bin/initdb"
	if _, err := os.Stat(initdb); err != nil {
		t.Fatalf("%s is needed: install the Debian package postgresql-15", initdb)
	}
	dir, err := os.MkdirTemp("", "redoubt-page")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cmd := exec.Command(initdb, "-D", dir+"/data", "-k", "-N", "-A", "trust", "-U", "postgres", "--no-instructions")
	if os.Getuid() == 0 { // PostgreSQL refuses root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatalf("a user postgres is needed: install the Debian package postgresql-15 (%v)", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	return dir + "/data"
}

func BenchmarkChecksum(b *testing.B) {
	p := make([]byte, page.Size)
	page.Init(p, 0)
	b.SetBytes(page.Size)
	for b.Loop() {
		page.Checksum(p, 1)
	}
}
