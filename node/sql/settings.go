package sql

import (
	"slices"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/guc"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

// Setting is a setting's value in this session, "" if there is no such setting.
func (s *Session) Setting(name string) string {
	v, _ := s.lookup(strings.ToLower(name))
	return v
}

func (s *Session) lookup(name string) (string, bool) {
	if v, ok := s.fixed(name); ok {
		return v, true
	}
	if v, ok := s.settings.Get(name); ok {
		return v, true
	}
	if v, ok := s.engine.Catalog.Setting(name); ok {
		return v, true
	}
	return guc.Start(name)
}

// fixed are settings that describe the server or the session and cannot be set.
func (s *Session) fixed(name string) (string, bool) {
	switch name {
	case "server_version":
		return s.engine.version(), true
	case "server_version_num":
		return versionNumber(s.engine.version()), true
	case "server_encoding":
		return "UTF8", true
	case "integer_datetimes", "is_superuser":
		return "on", true
	case "session_authorization":
		return s.identity.User, true
	case "in_hot_standby":
		return guc.OnOff(s.inRecovery()), true
	case "transaction_read_only":
		return guc.OnOff(s.readOnly()), true
	case "transaction_isolation":
		if s.tx.status == txOpen || s.tx.status == txFailed {
			return s.tx.isolation, true
		}
		return s.Setting("default_transaction_isolation"), true
	case "lc_collate", "lc_ctype":
		return "C", true
	case "max_identifier_length":
		return "63", true
	}
	return "", false
}

// versionNumber is 150018 for "15.18 (Redoubt)".
func versionNumber(version string) string {
	words := strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if len(words) < 2 {
		return "150000"
	}
	major, _ := strconv.Atoi(words[0])
	minor, _ := strconv.Atoi(words[1])
	return strconv.Itoa(major*10000 + minor)
}

// Set changes a setting as SET does. It is for startup packets and set_config.
func (s *Session) Set(name, value string, local bool) error {
	if err := s.assign(strings.ToLower(name), value, local); err != nil {
		return err
	}
	return nil
}

func (s *Session) assign(name, value string, local bool) *ereport.Error {
	if name == "transaction_isolation" || name == "transaction_read_only" {
		return s.assignMode(name, value)
	}
	if checked, known, err := guc.Check(name, value); err != nil {
		return &ereport.Error{Condition: *err}
	} else if known {
		return s.putSetting(name, checked, local)
	}
	if _, ok := s.fixed(name); ok {
		return ereport.Errorf(ereport.CodeCannotChange, "parameter \"%s\" cannot be changed", name)
	}
	if _, ok := s.engine.Catalog.Setting(name); ok {
		return ereport.Errorf(ereport.CodeCannotChange, "parameter \"%s\" cannot be changed now", name).
			WithHint("It is a setting of the node: change it in redoubt.conf or the cluster's spec.")
	}
	if strings.Contains(name, ".") {
		return s.putSetting(name, value, local)
	}
	return ereport.Errorf(ereport.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

func (s *Session) putSetting(name, value string, local bool) *ereport.Error {
	if err := s.settings.Put(name, value, local, s.tx.status == txOpen); err != nil {
		return &ereport.Error{Condition: *err}
	}
	s.settingsChanged()
	return nil
}

// reset goes back to the start value; "" is ALL.
func (s *Session) reset(name string) *ereport.Error {
	if _, ok := s.lookup(name); !ok && name != "" {
		return ereport.Errorf(ereport.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	s.settings.Reset(name, s.tx.status == txOpen)
	s.settingsChanged()
	return nil
}

// refresh takes over what a reload of the node's settings has changed since.
func (s *Session) refresh() {
	if s.engine.Catalog.Generation() != s.generation {
		s.settingsChanged()
	}
}

// settingsChanged refreshes what is asked for often.
func (s *Session) settingsChanged() {
	s.dirty = true
	s.generation = s.engine.Catalog.Generation() // before what is read: a change meanwhile is seen next time
	s.readOnlyWish = s.Setting("default_transaction_read_only") == "on"
	s.level = s.Setting("synchronous_commit")
	s.timeout = guc.TimeOf(s.Setting("statement_timeout")) // the node's own value has a unit
	s.noticeLevel = slices.Index(noticeLevels, s.Setting("client_min_messages"))
}

func (s *Session) set(n *parser.Set, query string) (Tag, error) {
	tag := Tag{Verb: "SET"}
	if n.Verbose {
		tag.Verb = "RESET"
	}
	var err *ereport.Error
	switch {
	case n.Reset:
		err = s.reset(n.Name)
	case n.Local && s.tx.status != txOpen:
		s.notice("WARNING", ereport.Condition{Code: ereport.CodeNoTransaction, Message: "SET LOCAL can only be used in transaction blocks"})
	default:
		err = s.assign(n.Name, n.Value, n.Local)
	}
	if err != nil {
		return Tag{}, err.At(query, n.Pos)
	}
	return tag, nil
}
