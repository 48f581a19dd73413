package datum

import "github.com/redoubt-wal/redoubt/rmgr"

// An Object is a value of type regclass or regtype: a number that is shown by its name.
type Object struct {
	OID  int64
	Name string
}

// IsObject reports whether values of a type are Objects.
func IsObject(t rmgr.Type) bool { return t == Regclass || t == Regtype }
