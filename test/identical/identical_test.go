package identical_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/test/identical"
)

func TestCompare(t *testing.T) {
	const two = "251|kv|0/20|3|aa\n252|ledger|0/30|4|bb\n"
	for name, tc := range map[string]struct {
		other string
		want  string
	}{
		"the same":           {two, ""},
		"another digest":     {"251|kv|0/20|3|aa\n252|ledger|0/30|4|cc\n", "pages differ: a has {Manager:ledger LSN:0/30 Pages:4 Digest:bb}, b has {Manager:ledger LSN:0/30 Pages:4 Digest:cc}"},
		"behind":             {"251|kv|0/18|3|ab\n252|ledger|0/30|4|bb\n", "pages of kv: a has them as of 0/20, b as of 0/18: one is behind"},
		"a manager too few":  {"251|kv|0/20|3|aa\n", "pages differ: a has {Manager:ledger LSN:0/30 Pages:4 Digest:bb}, b has {Manager: LSN: Pages: Digest:}"},
		"a manager too many": {two + "253|x|0/1|1|dd\n", "pages differ: a has {Manager: LSN: Pages: Digest:}, b has {Manager:x LSN:0/1 Pages:1 Digest:dd}"},
	} {
		pages, err := identical.Compare(map[string][]identical.Row{"a": identical.Lines(two), "b": identical.Lines(tc.other)})
		if got := errorText(err); got != tc.want || err == nil && pages != 7 {
			t.Errorf("%s: %d pages, %q, want %q", name, pages, got, tc.want)
		}
	}
	if _, err := identical.Compare(map[string][]identical.Row{"a": nil}); err == nil {
		t.Error("one node alone is identical")
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
