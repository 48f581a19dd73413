package guc

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// settings are what a session may change with SET. Those that mean nothing to a node are
// there because clients set them when they connect.
var settings = map[string]setting{
	"application_name":                    {start: "", check: asciiName},
	"bytea_output":                        {start: "hex", check: only("hex", "bytea values are always sent in hex format.")},
	"client_encoding":                     {start: "UTF8", check: encoding},
	"client_min_messages":                 {start: "notice", check: oneOf("debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error")},
	"datestyle":                           {label: "DateStyle", start: "ISO, MDY", check: dateStyle},
	"default_transaction_isolation":       {start: "read committed", check: isolation},
	"default_transaction_read_only":       {start: "off", check: boolean},
	"extra_float_digits":                  {start: "1", check: number(-15, 3)},
	"intervalstyle":                       {label: "IntervalStyle", start: "postgres", check: oneOf("postgres", "postgres_verbose", "sql_standard", "iso_8601")},
	"standard_conforming_strings":         {start: "on", check: only("on", "A backslash means itself in '…'; use E'…' for escapes.")},
	"statement_timeout":                   {start: "0", check: duration},
	"synchronous_commit":                  {start: "on", check: commitLevel},
	"timezone":                            {label: "TimeZone", start: "UTC", check: timeZone},
	"check_function_bodies":               {start: "on", check: boolean},
	"default_tablespace":                  {},
	"default_table_access_method":         {start: "heap"},
	"geqo":                                {start: "on", check: boolean},
	"idle_in_transaction_session_timeout": {start: "0", check: duration},
	"idle_session_timeout":                {start: "0", check: duration},
	"jit":                                 {start: "off", check: boolean},
	"lock_timeout":                        {start: "0", check: duration},
	"plan_cache_mode":                     {start: "auto", check: oneOf("auto", "force_generic_plan", "force_custom_plan")},
	"quote_all_identifiers":               {start: "off", check: boolean},
	"row_security":                        {start: "on", check: boolean},
	"search_path":                         {start: `"$user", public`},
	"work_mem":                            {start: "4MB", check: memory},
	"xmloption":                           {start: "content", check: oneOf("content", "document")},
}

type setting struct {
	label string // as ParameterStatus and SHOW spell it, if not in lower case
	start string
	check func(value string) (string, *rmgr.Error) // nil: any value is taken as it is
}

// Start is a setting's value before anyone sets it; ok is false if sessions have no such setting.
func Start(name string) (value string, ok bool) {
	s, ok := settings[name]
	return s.start, ok
}

// Names are the settings that a session may change, by name.
func Names() []string { return slices.Sorted(maps.Keys(settings)) }

// Label is a setting's name as ParameterStatus and SHOW spell it.
func Label(name string) string {
	if l := settings[name].label; l != "" {
		return l
	}
	return name
}

// checkOf is the check of a setting's values; nil if any will do.
func checkOf(name string) (check func(string) (string, *rmgr.Error), known bool) {
	switch {
	case name == "transaction_isolation":
		return isolation, true
	case name == "transaction_read_only" || strings.HasPrefix(name, "enable_"):
		return boolean, true
	}
	s, known := settings[name]
	return s.check, known
}

// Check gives a value for a setting its usual spelling, or says what is wrong with it. known is false if sessions
// have no such setting.
func Check(name, value string) (spelled string, known bool, err *rmgr.Error) {
	check, known := checkOf(name)
	if check == nil {
		return value, known, nil
	}
	if len(value) > maxSetting {
		return "", known, tooLong(name)
	}
	if spelled, err = check(value); err != nil {
		err.Message = strings.ReplaceAll(err.Message, "{name}", strconv.Quote(Label(name)))
	}
	return spelled, known, err
}
