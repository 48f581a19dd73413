package sql

import "github.com/redoubt-wal/redoubt/node/sql/ereport"

// A Notice is a message to the client beside the result.
type Notice struct {
	Severity string // NOTICE or WARNING
	ereport.Condition
}

func (s *Session) notice(severity string, e ereport.Condition) {
	if s.noticeLevel == 2 || s.noticeLevel == 1 && severity == "NOTICE" {
		return
	}
	s.notices = append(s.notices, Notice{severity, e})
}

// Notices gives the messages for the client since the last call.
func (s *Session) Notices() []Notice {
	list := s.notices
	s.notices = nil
	return list
}

// noticeLevels are those at which something falls away.
var noticeLevels = []string{"notice", "warning", "error"}
