package wal_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redoubt-wal/redoubt/wal"
)

// pageful reads a record with Next and those behind it with NextHere.
func pageful(r *wal.Reader, into []wal.Record) ([]wal.Record, error) {
	first, err := r.Next()
	if err != nil {
		return nil, err
	}
	n := 1
	for n < len(into) && r.NextHere(&into[n]) {
		n++
	}
	into[0] = *first // valid until now
	return into[:n], nil
}

var decoded = cmpopts.IgnoreUnexported(wal.BlockRef{})

func TestRecordsOfAPageAreTheSameReadTogether(t *testing.T) {
	s := written(400)
	one, many := reader(s), reader(s)
	one.Seek(seg)
	many.Seek(seg)
	into := make([]wal.Record, 100)
	total, most := 0, 0
	for {
		recs, err := pageful(many, into)
		if err != nil {
			if _, ends := one.Next(); ends == nil || ends.Error() != err.Error() {
				t.Errorf("the log ends with %v, and with %v record by record", err, ends)
			}
			break
		}
		for i := range recs {
			want, err := one.Next()
			if err != nil {
				t.Fatalf("record %d: %v", total, err)
			}
			if diff := cmp.Diff(*want, recs[i], decoded, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("record %d: %s", total, diff)
			}
			total++
		}
		most = max(most, len(recs))
	}
	if total != 400 || most < 3 {
		t.Errorf("%d records, at most %d together", total, most)
	}
}

func TestReadingTogetherStopsBeforeDamage(t *testing.T) {
	for at := range 200 {
		s := written(20)
		lsn := s.starts[3] + wal.LSN(at)
		*s.at(lsn) ^= 0x10
		r := reader(s)
		r.Seek(seg)
		into := make([]wal.Record, 100)
		n := 0
		for {
			recs, err := pageful(r, into)
			if err != nil {
				var failed *wal.RecordError
				if !errors.As(err, &failed) || n < 3 || failed.LSN != s.starts[n] {
					t.Fatalf("byte %d: %d records, then %v", at, n, err)
				}
				break
			}
			for i := range recs {
				if recs[i].LSN != s.starts[n] {
					t.Fatalf("byte %d: record %d starts at %s, want %s", at, n, recs[i].LSN, s.starts[n])
				}
				n++
			}
			if n == 20 {
				t.Fatalf("byte %d: the damage was not noticed", at)
			}
		}
	}
}
