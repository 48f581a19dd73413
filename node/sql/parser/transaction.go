package parser

func (p *parser) begin() (Node, error) {
	n := &Transaction{Verb: Begin}
	if p.isWord("start") {
		n.Verb = Start
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

// transactionModes reads isolation levels and READ ONLY or WRITE.
func (p *parser) transactionModes(n *Transaction) error {
	for {
		pos := p.tok.pos
		var err error
		switch {
		case p.isWord("isolation"):
			if err = p.wantWords("isolation", "level"); err == nil {
				n.Isolation, err = p.isolationLevel()
			}
		case p.isWord("read"):
			if err = p.advance(); err == nil {
				readOnly := p.isWord("only")
				if !readOnly && !p.isWord("write") {
					return p.syntaxError()
				}
				n.ReadOnly = &readOnly
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

func (p *parser) isolationLevel() (string, error) {
	switch {
	case p.isWord("serializable"):
		return "serializable", p.advance()
	case p.isWord("repeatable"):
		return "repeatable read", p.wantWords("repeatable", "read")
	case p.isWord("read"):
		if err := p.advance(); err != nil {
			return "", err
		}
		if !p.isWord("committed", "uncommitted") {
			return "", p.syntaxError()
		}
		level := "read " + p.tok.text
		return level, p.advance()
	}
	return "", p.syntaxError()
}

func (p *parser) sessionCharacteristics() (Node, error) {
	n := &Transaction{Verb: SetTransaction, Session: true}
	if err := p.wantWords("characteristics", "as", "transaction"); err != nil {
		return nil, err
	}
	return n, p.transactionModes(n)
}

func (p *parser) commit() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("prepared") {
		return nil, p.unsupported(p.tok.pos, "COMMIT PREPARED")
	}
	return p.endBlock(Commit)
}

func (p *parser) rollback() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("prepared") {
		return nil, p.unsupported(p.tok.pos, "ROLLBACK PREPARED")
	}
	return p.endBlock(Rollback)
}

func (p *parser) endBlock(verb TransactionVerb) (Node, error) {
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
	return &Transaction{Verb: verb}, nil
}
