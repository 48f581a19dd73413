package sql

import "strings"

func (p *parser) show() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	pos := p.tok.pos
	if ok, err := p.takeWord("all"); ok || err != nil {
		return &showNode{}, err
	}
	if p.isWord("time") {
		return &showNode{"timezone", pos}, p.wantWords("time", "zone")
	}
	if p.isWord("transaction") {
		return &showNode{"transaction_isolation", pos}, p.wantWords("transaction", "isolation", "level")
	}
	name, err := p.settingName()
	return &showNode{name, pos}, err
}

// settingName reads name or class.name.
func (p *parser) settingName() (string, error) {
	name, err := p.name()
	if err != nil {
		return "", err
	}
	for {
		if ok, err := p.takeOp("."); !ok || err != nil {
			return strings.ToLower(name), err
		}
		part, err := p.name()
		if err != nil {
			return "", err
		}
		name += "." + part
	}
}

func (p *parser) set() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &setNode{pos: p.tok.pos}
	switch {
	case p.isWord("session") && !p.followsAssignment():
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.isWord("characteristics") {
			return p.sessionCharacteristics()
		}
	case p.isWord("local") && !p.followsAssignment():
		n.local = true
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n.pos = p.tok.pos
	if !p.followsAssignment() {
		if special, ok, err := p.setSpecial(n); ok || err != nil {
			return special, err
		}
	}
	var err error
	if n.name, err = p.settingName(); err != nil {
		return nil, err
	}
	if !p.isOp("=") && !p.isWord("to") {
		return nil, p.syntaxError()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return n, p.settingValue(n)
}

func (p *parser) followsAssignment() bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && (t.kind == tokenOp && t.text == "=" || t.kind == tokenWord && t.text == "to")
}

// setSpecial parses the forms of SET that have a grammar of their own.
func (p *parser) setSpecial(n *setNode) (node, bool, error) {
	pos := p.tok.pos
	switch {
	case p.isWord("transaction"):
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		tx := &transaction{verb: txSet}
		return tx, true, p.transactionModes(tx)
	case p.isWord("time"):
		n.name = "timezone"
		if err := p.wantWords("time", "zone"); err != nil {
			return nil, true, err
		}
		if p.isWord("local") {
			n.reset = true
			return n, true, p.advance()
		}
		return n, true, p.settingValue(n)
	case p.isWord("names"):
		n.name = "client_encoding"
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		return n, true, p.settingValue(n)
	case p.isWord("role", "authorization", "constraints", "xml"):
		return nil, true, p.unsupported(pos, "SET "+strings.ToUpper(p.tok.text))
	}
	return nil, false, nil
}

// settingValue reads DEFAULT or a list of words, strings and numbers.
func (p *parser) settingValue(n *setNode) error {
	if ok, err := p.takeWord("default"); ok || err != nil {
		n.reset = true
		return err
	}
	var parts []string
	for {
		sign := ""
		for _, s := range []string{"-", "+"} {
			if ok, err := p.takeOp(s); err != nil {
				return err
			} else if ok {
				sign = s
			}
		}
		switch p.tok.kind {
		case tokenNumber:
			parts = append(parts, sign+p.tok.text)
		case tokenWord, tokenQuoted, tokenString:
			if sign != "" {
				return p.syntaxError()
			}
			parts = append(parts, p.tok.text)
		default:
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
		if ok, err := p.takeOp(","); err != nil {
			return err
		} else if !ok {
			n.value = strings.Join(parts, ", ")
			return nil
		}
	}
}

func (p *parser) reset() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &setNode{reset: true, verbose: true, pos: p.tok.pos}
	if ok, err := p.takeWord("all"); ok || err != nil {
		return n, err
	}
	if p.isWord("time") {
		n.name = "timezone"
		return n, p.wantWords("time", "zone")
	}
	if p.isWord("role", "session") {
		return nil, p.unsupported(n.pos, "RESET "+strings.ToUpper(p.tok.text))
	}
	var err error
	n.name, err = p.settingName()
	return n, err
}

func (p *parser) begin() (node, error) {
	n := &transaction{verb: txBegin}
	if p.isWord("start") {
		n.verb = txStart
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.wantWords("transaction"); err != nil {
			return nil, err
		}
		return n, p.transactionModes(n)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.workOrTransaction(); err != nil {
		return nil, err
	}
	return n, p.transactionModes(n)
}

func (p *parser) workOrTransaction() error {
	if p.isWord("work", "transaction") {
		return p.advance()
	}
	return nil
}

// transactionModes reads isolation levels, which mean nothing here, and READ ONLY or WRITE.
func (p *parser) transactionModes(n *transaction) error {
	for {
		pos := p.tok.pos
		var err error
		switch {
		case p.isWord("isolation"):
			if err = p.wantWords("isolation", "level"); err == nil {
				err = p.isolationLevel()
			}
		case p.isWord("read"):
			if err = p.advance(); err == nil {
				readOnly := p.isWord("only")
				if !readOnly && !p.isWord("write") {
					return p.syntaxError()
				}
				n.readOnly = &readOnly
				err = p.advance()
			}
		case p.isWord("not"):
			err = p.wantWords("not", "deferrable")
		case p.isWord("deferrable"):
			err = p.advance()
		default:
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := p.takeOp(","); err != nil {
			return err
		}
		if p.tok.pos == pos {
			return nil
		}
	}
}

func (p *parser) isolationLevel() error {
	switch {
	case p.isWord("serializable"):
		return p.advance()
	case p.isWord("repeatable"):
		return p.wantWords("repeatable", "read")
	case p.isWord("read"):
		if err := p.advance(); err != nil {
			return err
		}
		if !p.isWord("committed", "uncommitted") {
			return p.syntaxError()
		}
		return p.advance()
	}
	return p.syntaxError()
}

func (p *parser) sessionCharacteristics() (node, error) {
	n := &transaction{verb: txSet, session: true}
	if err := p.wantWords("characteristics", "as", "transaction"); err != nil {
		return nil, err
	}
	return n, p.transactionModes(n)
}

func (p *parser) commit() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("prepared") {
		return nil, p.unsupported(p.tok.pos, "COMMIT PREPARED")
	}
	return p.endBlock(txCommit)
}

func (p *parser) rollback() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("prepared") {
		return nil, p.unsupported(p.tok.pos, "ROLLBACK PREPARED")
	}
	return p.endBlock(txRollback)
}

func (p *parser) endBlock(verb txVerb) (node, error) {
	if err := p.workOrTransaction(); err != nil {
		return nil, err
	}
	if p.isWord("to") {
		return nil, p.unsupported(p.tok.pos, "ROLLBACK TO SAVEPOINT").hint("%s", absent["savepoint"])
	}
	if p.isWord("and") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.isWord("chain") {
			return nil, p.unsupported(p.tok.pos, "AND CHAIN")
		}
		if err := p.wantWords("no", "chain"); err != nil {
			return nil, err
		}
	}
	return &transaction{verb: verb}, nil
}

func (p *parser) prepare() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &prepareNode{pos: p.tok.pos}
	if p.isWord("transaction") {
		return nil, p.unsupported(p.tok.pos, "PREPARE TRANSACTION")
	}
	var err error
	if n.name, err = p.name(); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp("("); err != nil {
		return nil, err
	} else if ok {
		if n.types, err = p.typeNames(); err != nil {
			return nil, err
		}
	}
	if err := p.wantWords("as"); err != nil {
		return nil, err
	}
	if !p.isWord("select") {
		return nil, p.syntaxError()
	}
	n.body, err = p.statement()
	p.params = 0
	return n, err
}

func (p *parser) typeNames() ([]string, error) {
	var list []string
	for {
		t, err := p.typeName()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
		if ok, err := p.takeOp(","); err != nil {
			return nil, err
		} else if !ok {
			return list, p.wantOp(")")
		}
	}
}

func (p *parser) execute() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &executeNode{pos: p.tok.pos}
	var err error
	if n.name, err = p.name(); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp("("); err != nil {
		return nil, err
	} else if ok {
		n.args, err = p.list()
		return n, err
	}
	return n, nil
}

func (p *parser) deallocate() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if _, err := p.takeWord("prepare"); err != nil {
		return nil, err
	}
	n := &deallocateNode{pos: p.tok.pos}
	if ok, err := p.takeWord("all"); ok || err != nil {
		return n, err
	}
	var err error
	n.name, err = p.name()
	return n, err
}

func (p *parser) discard() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isWord("all", "plans", "sequences", "temp", "temporary") {
		return nil, p.syntaxError()
	}
	n := &discardNode{p.tok.text}
	return n, p.advance()
}

func (p *parser) checkpoint() (node, error) { return &checkpointNode{}, p.advance() }

func (p *parser) create() (node, error) {
	pos := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isWord("extension") {
		if p.tok.kind != tokenWord {
			return nil, p.syntaxError()
		}
		return nil, p.unsupported(pos, "CREATE "+strings.ToUpper(p.tok.text)).hint("%s", hintData)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &extensionNode{}
	if p.isWord("if") {
		if err := p.wantWords("if", "not", "exists"); err != nil {
			return nil, err
		}
		n.ifNotExists = true
	}
	n.pos = p.tok.pos
	var err error
	if n.name, err = p.name(); err != nil {
		return nil, err
	}
	return n, p.extensionOptions()
}

// extensionOptions reads the options of CREATE EXTENSION, which change nothing here.
func (p *parser) extensionOptions() error {
	if _, err := p.takeWord("with"); err != nil {
		return err
	}
	for p.isWord("schema", "version", "cascade") {
		bare := p.isWord("cascade")
		if err := p.advance(); err != nil {
			return err
		}
		if bare {
			continue
		}
		if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted && p.tok.kind != tokenString {
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}
