package replication

import (
	"strings"
)

func (p *parser) show() any {
	name := p.name()
	for p.punct(".") {
		name += "." + p.name()
	}
	return &Show{Name: name}
}

func (p *parser) timelineHistory() any { return &TimelineHistory{Timeline: p.timeline()} }

func (p *parser) createSlot() any {
	cmd := &CreateSlot{Name: p.name(), Temporary: p.word("TEMPORARY")}
	switch {
	case p.word("PHYSICAL"):
	case p.word("LOGICAL"):
		cmd.Logical, cmd.Plugin = true, p.name()
	default:
		p.fail()
	}
	if p.tok.kind == tokPunct && p.tok.text == "(" {
		cmd.Options = p.options()
		return cmd
	}
	for { // the grammar before 15
		switch {
		case p.word("RESERVE_WAL"):
			cmd.Options = append(cmd.Options, Option{Name: "reserve_wal"})
		case p.word("EXPORT_SNAPSHOT"):
			cmd.Options = append(cmd.Options, Option{Name: "snapshot", Value: "export", Given: true})
		case p.word("NOEXPORT_SNAPSHOT"):
			cmd.Options = append(cmd.Options, Option{Name: "snapshot", Value: "nothing", Given: true})
		case p.word("USE_SNAPSHOT"):
			cmd.Options = append(cmd.Options, Option{Name: "snapshot", Value: "use", Given: true})
		case p.word("TWO_PHASE"):
			cmd.Options = append(cmd.Options, Option{Name: "two_phase"})
		default:
			return cmd
		}
	}
}

func (p *parser) startReplication() any {
	cmd := &StartReplication{}
	if p.word("SLOT") {
		cmd.Slot = p.name()
	}
	if cmd.Slot != "" && p.word("LOGICAL") {
		cmd.Logical, cmd.From = true, p.lsn()
		if p.tok.kind == tokPunct && p.tok.text == "(" {
			cmd.Options = p.pluginOptions()
		}
		return cmd
	}
	p.word("PHYSICAL")
	cmd.From = p.lsn()
	if p.word("TIMELINE") {
		cmd.Timeline = p.timeline()
	}
	return cmd
}

func (p *parser) baseBackup() any {
	cmd := &BaseBackup{}
	if p.tok.kind == tokPunct && p.tok.text == "(" {
		cmd.Options = p.options()
	}
	return cmd
}

// options reads "( name [value], … )". A name may be a keyword.
func (p *parser) options() (opts []Option) {
	p.punct("(")
	for p.err == nil {
		if p.tok.kind != tokWord && p.tok.kind != tokQuoted {
			p.fail()
			break
		}
		o := Option{Name: strings.ToLower(p.tok.text)}
		p.advance()
		switch p.tok.kind {
		case tokWord:
			o.Value, o.Given = strings.ToLower(p.tok.text), true
		case tokString, tokNumber, tokQuoted:
			o.Value, o.Given = p.tok.text, true
		}
		if o.Given {
			p.advance()
		}
		opts = append(opts, o)
		if !p.punct(",") {
			break
		}
	}
	p.closing()
	return opts
}

// pluginOptions reads "( name ['value'], … )"; names keep their case when quoted.
func (p *parser) pluginOptions() (opts []Option) {
	p.punct("(")
	for p.err == nil {
		o := Option{Name: p.name()}
		if p.err == nil && p.tok.kind == tokString {
			o.Value, o.Given = p.tok.text, true
			p.advance()
		}
		opts = append(opts, o)
		if !p.punct(",") {
			break
		}
	}
	p.closing()
	return opts
}

func (p *parser) closing() {
	if !p.punct(")") {
		p.fail()
	}
}
