package plan

import (
	"strings"

	"github.com/redoubt-wal/redoubt/api/control"
)

func (s *State) holders() []LogHolder {
	var out []LogHolder
	p := s.serving()
	for i := range s.Members {
		m := &s.Members[i]
		h := LogHolder{Instance: m.Name, Census: m.Census, Why: m.whyUnknown()}
		switch {
		case m.role() == control.RoleEmpty, s.gone(m):
			continue // it holds nothing, or nothing that anybody will replay
		case m.role() == "":
			h.Census = nil
		case m == p:
			h.Writes = m.Status.Modules
		}
		out = append(out, h)
	}
	return out
}

// received makes those unknown that lack log which the primary has removed already: it was on its way to
// them when they were asked, or they will be cloned anew.
func (s *State) received(holders []LogHolder) []LogHolder {
	p := s.serving()
	for i := range holders {
		if h := &holders[i]; p != nil && h.Census != nil && s.lacksLog(s.member(h.Instance), p) {
			h.Census, h.Why = nil, lacksLog
		}
	}
	return holders
}

const lacksLog = "has not received all of the log that the primary has already removed"

func (s *State) lacksLog(m, p *Member) bool {
	return m != p && m.Status.FlushLSN < oldestKept(p.Census)
}

func (m *Member) whyUnknown() string {
	switch {
	case m.Pod == nil:
		return "its volume has no pod"
	case m.Pod.Problem != "":
		return m.Pod.Problem
	case !m.Reached:
		return "it cannot be reached: " + m.Detail
	}
	return strings.TrimSuffix("its census is not known: "+m.Detail, ": ")
}
