package ereport_test

import (
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
)

func TestAPlaceIsCountedInCharactersAndGivenOnce(t *testing.T) {
	err := ereport.Errorf(ereport.CodeSyntax, "at %s", "x").At("'ü' x", 5).At("'ü' x", 0).WithHint("a %s", "hint").WithDetail("a detail")
	if err.Position != 5 {
		t.Errorf("the place is %d, want 5", err.Position)
	}
	if beyond := ereport.Errorf(ereport.CodeSyntax, "x").At("", 1); beyond.Position != 0 {
		t.Errorf("a place outside of the query is %d, want none", beyond.Position)
	}
	var c *ereport.Condition
	want := ereport.Condition{Code: "42601", Message: "at x", Hint: "a hint", Detail: "a detail"}
	if !errors.As(err, &c) || *c != want {
		t.Errorf("the condition is %+v, want %+v", c, want)
	}
}
