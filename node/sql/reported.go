package sql

// reported are the settings whose changes a client is told of, with those that never change.
var reported = []string{
	"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes",
	"IntervalStyle", "is_superuser", "server_encoding", "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
}

// A Parameter is a setting as ParameterStatus tells it.
type Parameter struct{ Name, Value string }

// Reported lists the parameters that a client is told at the start.
func (s *Session) Reported() []Parameter {
	list := make([]Parameter, len(reported))
	for i, name := range reported {
		list[i] = Parameter{name, s.Setting(name)}
		s.told[i] = list[i].Value
	}
	return list
}

// Changed lists the reported parameters that have changed since the client was last told.
func (s *Session) Changed() []Parameter {
	recovery := s.inRecovery()
	if !s.dirty && recovery == s.toldRecovery {
		return nil
	}
	s.dirty, s.toldRecovery = false, recovery
	var list []Parameter
	for i, name := range reported {
		if v := s.Setting(name); v != s.told[i] {
			s.told[i] = v
			list = append(list, Parameter{name, v})
		}
	}
	return list
}
