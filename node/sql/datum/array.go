package datum

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Arrays are their text: {a,"b c",NULL}, as ParseArray spells it. They are equal if that is.

// elements are the types of the elements of array types.
var elements = map[rmgr.Type]rmgr.Type{
	TextArray: rmgr.Text, NameArray: Name, OidArray: Oid, OidVector: Oid, CharArray: Char,
	BoolArray: rmgr.Bool, ByteaArray: rmgr.Bytea, Int4Array: rmgr.Int4, Int8Array: rmgr.Int8, Float8Array: rmgr.Float8,
	TimestamptzArray: rmgr.Timestamptz, PgLSNArray: rmgr.PgLSN,
}

// ArrayOf is the type of an array of values of type t; that of text if there is none of its own.
func ArrayOf(t rmgr.Type) rmgr.Type {
	for array, element := range elements {
		if element == t && array != OidVector {
			return array
		}
	}
	return TextArray
}

// WriteElement writes one element that is not NULL, in quotes where PostgreSQL has them.
func WriteElement(b *strings.Builder, s string) {
	if s != "" && !strings.EqualFold(s, "NULL") && !strings.ContainsAny(s, "{},\"\\ \t\n\v\f\r") {
		b.WriteString(s)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
	b.WriteByte('"')
}

// ArrayText is an array of strings as its text; nil stands for NULL.
func ArrayText(list []*string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if s == nil {
			b.WriteString("NULL")
			continue
		}
		WriteElement(&b, *s)
	}
	return b.String() + "}"
}

// SplitArray takes the text of an array of one dimension apart; nil stands for NULL.
func SplitArray(s string) (list []*string, ok bool) {
	s, open := strings.CutPrefix(s, "{")
	s, closed := strings.CutSuffix(s, "}")
	if !open || !closed {
		return nil, false
	}
	for s != "" {
		var e string
		quoted := s[0] == '"'
		if e, s, ok = cutElement(s, quoted); !ok {
			return nil, false
		}
		if list = append(list, &e); !quoted && strings.EqualFold(e, "NULL") {
			list[len(list)-1] = nil
		}
	}
	return list, true
}

// cutElement takes the first element off s, with the comma behind it.
func cutElement(s string, quoted bool) (element, rest string, ok bool) {
	if !quoted {
		element, rest, _ = strings.Cut(s, ",")
		return element, rest, !strings.ContainsAny(element, `{}"`)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] != '"':
			b.WriteByte(s[i])
		case i+1 == len(s):
			return b.String(), "", true
		default:
			return b.String(), s[i+2:], s[i+1] == ','
		}
	}
	return "", "", false
}

// appendArray writes dimensions, whether there are NULLs, the elements' type, and of the one dimension its size and
// first index, which is 0 of an oidvector.
func appendArray(dst []byte, t rmgr.Type, s string) ([]byte, error) {
	bad := errorf(codeInternal, "%q is no value for a column of type %s", s, TypeName(t))
	if t == OidVector {
		s = "{" + strings.ReplaceAll(s, " ", ",") + "}"
	}
	list, ok := SplitArray(s)
	if !ok {
		return dst, bad
	}
	element, nulls, first := elements[t], uint32(0), uint32(1)
	for _, e := range list {
		if e == nil {
			nulls = 1
		}
	}
	if t == OidVector {
		first = 0
	}
	for _, head := range []uint32{uint32(min(len(list), 1)), nulls, OID(element)} {
		dst = binary.BigEndian.AppendUint32(dst, head)
	}
	if len(list) == 0 {
		return dst, nil
	}
	dst = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, uint32(len(list))), first)
	for _, e := range list {
		switch {
		case e == nil:
			dst = binary.BigEndian.AppendUint32(dst, 1<<32-1)
		case element == Oid:
			n, err := strconv.ParseUint(*e, 10, 32)
			if err != nil {
				return dst, bad
			}
			dst = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, 4), uint32(n))
		default:
			v, err := ParseText(element, *e)
			if err != nil {
				return dst, bad
			}
			at := len(dst)
			if dst, err = AppendBinary(append(dst, 0, 0, 0, 0), element, v); err != nil {
				return dst, err
			}
			binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		}
	}
	return dst, nil
}
