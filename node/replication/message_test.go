package replication

import (
	"bytes"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

func TestMessagesRoundTrip(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 123000, time.UTC)
	r := reply{0x1000000, 0x1000001, 0x1000002, now, true}
	got, _, err := parseClient(r.append(nil))
	if err != nil || *got != r {
		t.Errorf("reply: %+v, %v", got, err)
	}
	k := keepalive{0x2000000, now, true}
	_, data, gotK, err := parseServer(k.append(nil))
	if err != nil || data != nil || gotK != k {
		t.Errorf("keepalive: %+v, %v", gotK, err)
	}
	b := make([]byte, dataHeader, 100)
	putDataHeader(b, 0x3000000, 0x4000000, now)
	start, data, gotK, err := parseServer(append(b, "log"...))
	if err != nil || start != 0x3000000 || string(data) != "log" || gotK.end != 0x4000000 || gotK.time != now || gotK.reply {
		t.Errorf("log: %s %q %+v, %v", start, data, gotK, err)
	}
}

// The bytes of a keepalive and a reply as PostgreSQL 15 has them.
func TestMessagesAreGolden(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC)
	if got, want := (keepalive{0x16B3748, now, true}).append(nil), []byte("k\x00\x00\x00\x00\x01\x6b\x37\x48\x00\x00\x00\x00\x00\x0f\x42\x40\x01"); !bytes.Equal(got, want) {
		t.Errorf("keepalive %x, want %x", got, want)
	}
	want := []byte("r\x00\x00\x00\x00\x01\x6b\x37\x48\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x0f\x42\x40\x00")
	if got := (reply{0x16B3748, 1, 2, now, false}).append(nil); !bytes.Equal(got, want) {
		t.Errorf("reply %x, want %x", got, want)
	}
}

func FuzzStreamMessages(f *testing.F) {
	now := time.Unix(1, 0)
	f.Add(reply{1, 2, 3, now, true}.append(nil))
	f.Add(keepalive{1, now, false}.append(nil))
	f.Add(append(make([]byte, 0, 30), "w0123456701234567012345670log"...))
	f.Add(append([]byte("h"), make([]byte, 24)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, h, err := parseClient(b); err == nil {
			if (r == nil) == (h == nil) {
				t.Errorf("%x: %v and %v", b, r, h)
			}
			if r != nil && b[33] <= 1 && !bytes.Equal(r.append(nil), b) {
				t.Errorf("%x is written as %x", b, r.append(nil))
			}
		}
		if _, data, k, err := parseServer(b); err == nil && data == nil && b[0] == 'k' && b[17] <= 1 && !bytes.Equal(k.append(nil), b) {
			t.Errorf("%x is written as %x", b, k.append(nil))
		}
	})
}

func TestHistoriesAndWhatIsPartOfThem(t *testing.T) {
	one := wal.NewHistory(1)
	two := one.Fork(2, 100, "")
	four := two.Fork(4, 200, "")
	three := one.Fork(3, 100, "") // another child of 1
	for _, row := range []struct {
		sentence string
		ours     wal.History
		end      wal.LSN
		upstream wal.History
		part     bool
	}{
		{"the same timeline", one, 500, one, true},
		{"behind the fork", one, 50, two, true},
		{"at the fork", one, 100, two, true},
		{"beyond the fork", one, 101, two, false},
		{"on an ancestor, before its end", two, 150, four, true},
		{"on an ancestor, beyond its end", two, 201, four, false},
		{"on the first of several", one, 100, four, true},
		{"on a sibling", two, 150, three, false},
		{"followed a sibling, with nothing of it", two, 100, three, true},
		{"ahead of the upstream", two, 150, one, false},
	} {
		if got := partOf(upTo(row.ours, row.end), row.end, row.upstream); got != row.part {
			t.Errorf("%s: %v, want %v", row.sentence, got, row.part)
		}
	}
}
