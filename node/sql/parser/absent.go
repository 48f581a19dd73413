package parser

const (
	HintData  = "There are no tables here: data is read and written by the functions of the loaded modules, as in SELECT kv_put('a','1')."
	hintNone  = "There are SELECT of functions and views, SHOW, SET, RESET, BEGIN, COMMIT, ROLLBACK, PREPARE, EXECUTE, DEALLOCATE, DISCARD, CHECKPOINT and CREATE EXTENSION."
	hintFetch = "Use the extended query protocol with a row limit to read a result in parts."
)

// absent are statements that PostgreSQL has and a node has not, with what to do instead.
var absent = map[string]string{
	"insert": HintData, "update": HintData, "delete": HintData, "merge": HintData, "truncate": HintData,
	"copy": HintData, "alter": HintData, "drop": HintData, "vacuum": HintData, "analyze": HintData,
	"values": HintData, "table": HintData, "with": HintData, "lock": HintData, "cluster": HintData,
	"reindex": HintData, "refresh": HintData, "import": HintData,
	"declare": hintFetch, "fetch": hintFetch, "move": hintFetch, "close": hintFetch,
	"explain": hintNone, "grant": hintNone, "revoke": hintNone, "comment": hintNone, "security": hintNone,
	"listen": hintNone, "notify": hintNone, "unlisten": hintNone, "load": hintNone, "do": hintNone,
	"call": hintNone, "reassign": hintNone,
	"savepoint": "One call is one atomic action; transaction blocks have no parts.",
	"release":   "One call is one atomic action; transaction blocks have no parts.",
}
