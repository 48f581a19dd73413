package replication

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// The commands of the replication grammar (PostgreSQL 15, repl_gram.y).
type (
	// IdentifySystem is IDENTIFY_SYSTEM.
	IdentifySystem struct{}

	// Show is SHOW name.
	Show struct{ Name string }

	// TimelineHistory is TIMELINE_HISTORY n.
	TimelineHistory struct{ Timeline wal.TimelineID }

	// ReadSlot is READ_REPLICATION_SLOT name.
	ReadSlot struct{ Name string }

	// CreateSlot is CREATE_REPLICATION_SLOT name [TEMPORARY] PHYSICAL | LOGICAL plugin, with options.
	CreateSlot struct {
		Name      string
		Temporary bool
		Logical   bool
		Plugin    string
		Options   []Option
	}

	// DropSlot is DROP_REPLICATION_SLOT name [WAIT].
	DropSlot struct {
		Name string
		Wait bool
	}

	// StartReplication is START_REPLICATION, physical or logical.
	StartReplication struct {
		Slot     string // "" for none
		Logical  bool
		From     wal.LSN
		Timeline wal.TimelineID // 0: the current one
		Options  []Option       // logical only
	}

	// BaseBackup is BASE_BACKUP with its options.
	BaseBackup struct{ Options []Option }
)

// An Option is one of a command's options in parentheses. Name is in lower case.
type Option struct {
	Name  string
	Value string
	Given bool // there was a value
}

// Bool reads the option as a boolean: without a value it is true.
func (o Option) Bool() (bool, error) {
	if !o.Given {
		return true, nil
	}
	switch strings.ToLower(o.Value) {
	case "1", "true", "on":
		return true, nil
	case "0", "false", "off":
		return false, nil
	}
	return false, &rmgr.Error{Code: "42601", Message: fmt.Sprintf("%s requires a Boolean value", o.Name)}
}

// IsCommand reports whether a query is for the replication grammar: its first word decides, in
// upper case. All else is SQL.
func IsCommand(query string) bool {
	t, err := (&lexer{rest: query}).next()
	return err == nil && t.kind == tokWord && parsers[t.text] != nil
}

// Parse reads one replication command. Errors are *rmgr.Error with SQLSTATE 42601.
func Parse(query string) (any, error) {
	p := &parser{lexer: lexer{rest: query}}
	p.advance()
	parse := parsers[p.tok.text]
	if p.tok.kind != tokWord || parse == nil {
		return nil, p.unexpected()
	}
	p.advance()
	cmd := parse(p)
	p.punct(";")
	if p.err == nil && p.tok.kind != tokEnd {
		p.err = p.unexpected()
	}
	if p.err != nil {
		return nil, p.err
	}
	return cmd, nil
}

var parsers map[string]func(*parser) any

func init() {
	parsers = map[string]func(*parser) any{
		"IDENTIFY_SYSTEM":         func(*parser) any { return &IdentifySystem{} },
		"SHOW":                    (*parser).show,
		"TIMELINE_HISTORY":        (*parser).timelineHistory,
		"READ_REPLICATION_SLOT":   func(p *parser) any { return &ReadSlot{Name: p.name()} },
		"CREATE_REPLICATION_SLOT": (*parser).createSlot,
		"DROP_REPLICATION_SLOT":   func(p *parser) any { return &DropSlot{Name: p.name(), Wait: p.word("WAIT")} },
		"START_REPLICATION":       (*parser).startReplication,
		"BASE_BACKUP":             (*parser).baseBackup,
	}
}

type parser struct {
	lexer
	tok token
	err error // the first; later calls do nothing
}

func (p *parser) advance() {
	if p.err == nil {
		p.tok, p.err = p.next()
	}
}

func (p *parser) unexpected() error {
	if p.tok.kind == tokEnd {
		return syntaxError("syntax error at end of input")
	}
	return syntaxError(fmt.Sprintf("syntax error at or near %q", p.tok.text))
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = p.unexpected()
	}
}

// word takes the keyword if it is next.
func (p *parser) word(keyword string) bool {
	if p.err != nil || p.tok.kind != tokWord || p.tok.text != keyword {
		return false
	}
	p.advance()
	return true
}

// punct takes the character if it is next.
func (p *parser) punct(c string) bool {
	if p.err != nil || p.tok.kind != tokPunct || p.tok.text != c {
		return false
	}
	p.advance()
	return true
}

// name takes an identifier: a bare one is folded to lower case, a quoted one is kept.
func (p *parser) name() string {
	name := p.tok.text
	switch {
	case p.err != nil:
		return ""
	case p.tok.kind == tokWord && !keywords[name]:
		name = strings.ToLower(name)
	case p.tok.kind == tokQuoted:
	default:
		p.fail()
		return ""
	}
	p.advance()
	return name
}

func (p *parser) number() uint32 {
	n, err := strconv.ParseUint(p.tok.text, 10, 32)
	if p.err != nil || p.tok.kind != tokNumber || err != nil {
		p.fail()
		return 0
	}
	p.advance()
	return uint32(n)
}

func (p *parser) lsn() wal.LSN {
	lsn, err := wal.ParseLSN(p.tok.text)
	if p.err != nil || p.tok.kind != tokLSN || err != nil {
		p.fail()
		return 0
	}
	p.advance()
	return lsn
}

func (p *parser) timeline() wal.TimelineID {
	n := p.number()
	if p.err == nil && n == 0 {
		p.err = syntaxError("invalid timeline 0")
	}
	return wal.TimelineID(n)
}

func syntaxError(msg string) error { return &rmgr.Error{Code: "42601", Message: msg} }
