package serverlog

import (
	"fmt"
	"strings"
	"time"
)

// DefaultPrefix is PostgreSQL's default of log_line_prefix: time and process.
const DefaultPrefix = "%m [%p] "

// CheckPrefix says what is wrong with a value of log_line_prefix.
func CheckPrefix(format string) error {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		if i == len(format) || !strings.ContainsRune("mtnpql%", rune(format[i])) {
			return fmt.Errorf("%%m, %%t or %%n for the time, %%p for the process, %%l for the number of the line, %%q and %%%%; the node logs nothing by session")
		}
	}
	return nil
}

// appendPrefix writes what format says. What follows %q is for sessions, which do not log here.
func appendPrefix(b []byte, format string, at time.Time, pid int, line uint64) []byte {
	at = at.UTC()
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b = append(b, format[i])
			continue
		}
		i++
		switch format[i] {
		case 'm':
			b = at.AppendFormat(b, "2006-01-02 15:04:05.000 MST")
		case 't':
			b = at.AppendFormat(b, "2006-01-02 15:04:05 MST")
		case 'n':
			b = fmt.Appendf(b, "%d.%03d", at.Unix(), at.UnixMilli()%1000)
		case 'p':
			b = fmt.Append(b, pid)
		case 'l':
			b = fmt.Append(b, line)
		case 'q':
			return b
		default:
			b = append(b, format[i])
		}
	}
	return b
}
