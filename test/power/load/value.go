package load

import (
	"fmt"
	"strings"
)

// value is the text that a writer puts at its n-th write: it says whose it is, and its length goes from
// a few bytes to several pages.
func value(writer, key string, n int) string {
	head := fmt.Sprintf("%s %s %d|", writer, key, n)
	size := len(head) + (n*n*31+n*7)%1500
	if n%61 == 0 {
		size = 20000 + n%5000
	}
	return head + strings.Repeat(head, size/len(head))
}
