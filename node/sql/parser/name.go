package parser

// qualifiedName reads name or schema.name; the schemas that a node pretends to have fall away.
func (p *parser) qualifiedName() (string, error) {
	pos := p.tok.pos
	name, err := p.name()
	if err != nil {
		return "", err
	}
	if ok, err := p.takeOp("."); !ok || err != nil {
		return name, err
	}
	schema := name
	if name, err = p.name(); err != nil {
		return "", err
	}
	return name, p.checkSchema(schema, pos)
}

func (p *parser) checkSchema(schema string, pos int) error {
	if schema != "pg_catalog" && schema != "public" {
		return p.fail(pos, codeInvalidSchema, "schema \"%s\" does not exist", schema)
	}
	return nil
}

// typeName reads a type's name; a length in parentheses or [] is refused.
func (p *parser) typeName() (TypeName, error) {
	pos := p.tok.pos
	name, err := p.qualifiedName()
	if err != nil {
		return TypeName{}, err
	}
	switch name {
	case "double":
		name = "double precision"
		err = p.wantWords("precision")
	case "character":
		if p.isWord("varying") {
			name = "character varying"
			err = p.advance()
		}
	case "timestamp":
		if p.isWord("with") {
			name = "timestamp with time zone"
			err = p.wantWords("with", "time", "zone")
		}
	}
	if err != nil {
		return TypeName{}, err
	}
	if p.isOp("(") {
		return TypeName{}, p.unsupported(pos, "a type with a length")
	}
	array, err := p.arrayBounds()
	return TypeName{pos, name, array}, err
}

func (p *parser) typeNames() ([]TypeName, error) {
	var list []TypeName
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

// arrayBounds reads what makes a type one of arrays: [], [3] or ARRAY. The bounds mean nothing.
func (p *parser) arrayBounds() (array bool, err error) {
	if array, err = p.takeWord("array"); err != nil {
		return array, err
	}
	for p.isOp("[") {
		if err := p.advance(); err != nil {
			return true, err
		}
		if p.tok.kind == tokenNumber {
			if err := p.advance(); err != nil {
				return true, err
			}
		}
		if err := p.wantOp("]"); err != nil {
			return true, err
		}
		array = true
	}
	return array, nil
}
