package pki_test

import (
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/controllers/cluster/pki"
)

func TestLeafIsGoodUntilAThirdOfItsLifeIsLeft(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	authority, err := pki.NewAuthority("redoubt shop/orders", now)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := pki.NewAuthority("redoubt shop/orders", now)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"orders-1", "orders-rw"}
	leaf, err := authority.Leaf("orders-1", names, now)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, c := range map[string]struct {
		authority pki.Pair
		leaf      pki.Pair
		names     []string
		at        time.Time
		good      bool
	}{
		"new":                         {authority, leaf, names, now, true},
		"on a clock that is behind":   {authority, leaf, names, now.Add(-time.Minute), true},
		"with more than a third left": {authority, leaf, names, now.Add(pki.LeafLife * 2 / 3), true},
		"with less than a third left": {authority, leaf, names, now.Add(pki.LeafLife*2/3 + time.Hour), false},
		"ended":                       {authority, leaf, names, now.Add(pki.LeafLife + time.Hour), false},
		"of another authority":        {stranger, leaf, names, now, false},
		"for other names":             {authority, leaf, names[:1], now, false},
		"garbage":                     {authority, pki.Pair{Cert: []byte("x"), Key: []byte("y")}, names, now, false},
	} {
		if err := c.authority.Good(c.leaf, c.names, c.at); (err == nil) != c.good {
			t.Errorf("a leaf that is %s: %v", sentence, err)
		}
	}
}
