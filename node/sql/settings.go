package sql

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sessionSettings are what a session may change with SET. Those that mean nothing to a node are
// there because clients set them when they connect.
var sessionSettings = map[string]sessionSetting{
	"application_name":                    {start: "", check: asciiName},
	"bytea_output":                        {start: "hex", check: only("hex", "bytea values are always sent in hex format.")},
	"client_encoding":                     {start: "UTF8", check: encoding},
	"client_min_messages":                 {start: "notice", check: oneOf("debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error")},
	"datestyle":                           {label: "DateStyle", start: "ISO, MDY", check: dateStyle},
	"default_transaction_isolation":       {start: "read committed", check: isolation},
	"default_transaction_read_only":       {start: "off", check: onOff},
	"extra_float_digits":                  {start: "1", check: number(-15, 3)},
	"intervalstyle":                       {label: "IntervalStyle", start: "postgres", check: oneOf("postgres", "postgres_verbose", "sql_standard", "iso_8601")},
	"standard_conforming_strings":         {start: "on", check: only("on", "A backslash means itself in '…'; use E'…' for escapes.")},
	"statement_timeout":                   {start: "0", check: duration},
	"synchronous_commit":                  {start: "on", check: commitLevel},
	"timezone":                            {label: "TimeZone", start: "UTC", check: timeZone},
	"check_function_bodies":               {start: "on", check: onOff},
	"default_tablespace":                  {},
	"default_table_access_method":         {start: "heap"},
	"geqo":                                {start: "on", check: onOff},
	"idle_in_transaction_session_timeout": {start: "0", check: duration},
	"idle_session_timeout":                {start: "0", check: duration},
	"jit":                                 {start: "off", check: onOff},
	"lock_timeout":                        {start: "0", check: duration},
	"plan_cache_mode":                     {start: "auto", check: oneOf("auto", "force_generic_plan", "force_custom_plan")},
	"quote_all_identifiers":               {start: "off", check: onOff},
	"row_security":                        {start: "on", check: onOff},
	"search_path":                         {start: `"$user", public`},
	"work_mem":                            {start: "4MB", check: memory},
	"xmloption":                           {start: "content", check: oneOf("content", "document")},
}

type sessionSetting struct {
	label string // as ParameterStatus and SHOW spell it, if not in lower case
	start string
	check func(value string) (string, *Error) // nil: any value is taken as it is
}

// reported are the settings whose changes a client is told of, with those that never change.
var reported = []string{
	"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes",
	"IntervalStyle", "is_superuser", "server_encoding", "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
}

// A Parameter is a setting as ParameterStatus tells it.
type Parameter struct{ Name, Value string }

// settings are a session's: base is what RESET goes back to, local ends with the transaction.
type settings struct {
	base, values, local map[string]string
	before              map[string]string // values at the block's start, if they changed in it
}

func (s *settings) get(name string) (string, bool) {
	for _, m := range []map[string]string{s.local, s.values, s.base} {
		if v, ok := m[name]; ok {
			return v, true
		}
	}
	return "", false
}

// put sets a value for the session, or for the transaction if local. inBlock keeps what ROLLBACK
// goes back to.
func (s *settings) put(name, value string, local, inBlock bool) {
	if local {
		if s.local == nil {
			s.local = map[string]string{}
		}
		s.local[name] = value
		return
	}
	s.keep(inBlock)
	delete(s.local, name)
	if s.values == nil {
		s.values = map[string]string{}
	}
	s.values[name] = value
}

func (s *settings) keep(inBlock bool) {
	if inBlock && s.before == nil {
		s.before = map[string]string{}
		maps.Copy(s.before, s.values)
	}
}

// end is what the end of a transaction does to settings.
func (s *settings) end(committed bool) {
	if !committed && s.before != nil {
		s.values = s.before
	}
	s.local, s.before = nil, nil
}

// Setting is a setting's value in this session, "" if there is no such setting.
func (s *Session) Setting(name string) string {
	v, _ := s.lookup(strings.ToLower(name))
	return v
}

func (s *Session) lookup(name string) (string, bool) {
	if v, ok := s.fixed(name); ok {
		return v, true
	}
	if v, ok := s.settings.get(name); ok {
		return v, true
	}
	if v, ok := s.engine.Catalog.Setting(name); ok {
		return v, true
	}
	if known, ok := sessionSettings[name]; ok {
		return known.start, true
	}
	return "", false
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
		return onOffWord(s.inRecovery()), true
	case "transaction_read_only":
		return onOffWord(s.readOnly()), true
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

func (s *Session) assign(name, value string, local bool) *Error {
	if name == "transaction_isolation" || name == "transaction_read_only" {
		return s.assignMode(name, value)
	}
	if strings.HasPrefix(name, "enable_") {
		return s.assignChecked(name, value, local, onOff)
	}
	if known, ok := sessionSettings[name]; ok {
		return s.assignChecked(name, value, local, known.check)
	}
	if _, ok := s.fixed(name); ok {
		return errorf(codeCannotChange, "parameter \"%s\" cannot be changed", name)
	}
	if _, ok := s.engine.Catalog.Setting(name); ok {
		return errorf(codeCannotChange, "parameter \"%s\" cannot be changed now", name).
			hint("It is a setting of the node: change it in redoubt.conf or the cluster's spec.")
	}
	if strings.Contains(name, ".") {
		return s.assignChecked(name, value, local, nil)
	}
	return errorf(codeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

func (s *Session) assignChecked(name, value string, local bool, check func(string) (string, *Error)) *Error {
	if len(value) > maxSetting {
		return errorf(codeInvalidValue, "the value of \"%s\" is longer than %d bytes", name, maxSetting)
	}
	if check != nil {
		checked, err := check(value)
		if err != nil {
			err.Message = strings.ReplaceAll(err.Message, "{name}", strconv.Quote(label(name)))
			return err
		}
		value = checked
	}
	if _, known := s.settings.get(name); !known && len(s.settings.values)+len(s.settings.local) >= maxSettings {
		return errorf(codeProgramLimit, "a session can have at most %d settings of its own", maxSettings)
	}
	s.settings.put(name, value, local, s.tx.status == txOpen)
	s.settingsChanged()
	return nil
}

// What a session may keep in settings is bounded.
const (
	maxSetting  = 16 << 10
	maxSettings = 1000
)

// reset goes back to the start value; "" is ALL.
func (s *Session) reset(name string) *Error {
	if name == "" {
		s.settings.keep(s.tx.status == txOpen)
		s.settings.values, s.settings.local = nil, nil
		s.settingsChanged()
		return nil
	}
	if _, ok := s.lookup(name); !ok {
		return errorf(codeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	s.settings.keep(s.tx.status == txOpen)
	delete(s.settings.values, name)
	delete(s.settings.local, name)
	s.settingsChanged()
	return nil
}

// startWith makes the settings so far what RESET goes back to: those of the startup packet.
func (s *Session) startWith() {
	s.settings.base = s.settings.values
	s.settings.values = nil
}

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
	timeout, _ := duration(s.Setting("statement_timeout")) // the node's own value has a unit
	ms, _ := strconv.Atoi(timeout)
	s.timeout = time.Duration(ms) * time.Millisecond
	s.noticeLevel = slices.Index(noticeLevels, s.Setting("client_min_messages"))
}

// noticeLevels are those at which something falls away.
var noticeLevels = []string{"notice", "warning", "error"}

func label(name string) string {
	if l := sessionSettings[name].label; l != "" {
		return l
	}
	return name
}

func onOffWord(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
