package datum

import (
	"encoding/hex"
	"strconv"
	"strings"
)

func parseBytea(s string) (any, error) {
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		return parseHex(digits)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if strings.HasPrefix(s[i:], `\\`) {
			b = append(b, '\\')
			i++
			continue
		}
		if len(s) < i+4 {
			return nil, errorf(codeInvalidText, "invalid input syntax for type bytea")
		}
		n, err := strconv.ParseUint(s[i+1:i+4], 8, 8)
		if err != nil {
			return nil, errorf(codeInvalidText, "invalid input syntax for type bytea")
		}
		b = append(b, byte(n))
		i += 3
	}
	return b, nil
}

// parseHex reads pairs of digits; white space may stand between them.
func parseHex(digits string) (any, error) {
	digits = strings.Join(strings.Fields(digits), "")
	for _, c := range digits {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return nil, errorf(codeInvalidValue, "invalid hexadecimal digit: \"%c\"", c)
		}
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, errorf(codeInvalidValue, "invalid hexadecimal data: odd number of digits")
	}
	return b, nil
}
